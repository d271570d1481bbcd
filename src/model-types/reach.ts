import { type Follow, referenceFollower } from './follow-references.ts'
import type { ModelType, SourceTree } from './model-type.ts'
import { SETTINGS_FILE } from './read-settings.ts'
import { folderOf } from './repository-paths.ts'

/** Why a change touches a model type. */
export interface Reason {
  path: string
  because: string
}

export interface Effect {
  reasons: Reason[]
  /** Only the inference service changed: the current best model can be packaged again without training. */
  onlyServe: boolean
}

/**
 * Which of the model types the changed paths touch, by name. A file touches the model type in whose folder it lies
 * and those whose pipeline, tests or settings lead to it; `*.md` files touch none. `tree` is the tree after the
 * change; deleted paths are among `paths`.
 */
export function affectedBy(
  paths: readonly string[],
  modelTypes: readonly ModelType[],
  tree: SourceTree,
): Map<string, Effect> {
  const code = paths.filter(path => !/\.md$/i.test(path))
  const follow = referenceFollower(tree, code)
  const effects = modelTypes.map(type => [type.name, effectOn(type, code, follow)] as const)
  return new Map(effects.filter(([, { reasons }]) => reasons.length > 0))
}

function effectOn(type: ModelType, paths: readonly string[], follow: Follow): Effect {
  const used = follow(file => file.startsWith(`${type.folder}/`) || namedBy(type).includes(file))
  const reasons = paths.flatMap(path => {
    const because = reasonFor(path, type, used)
    return because === undefined ? [] : [{ path, because }]
  })
  return { reasons, onlyServe: reasons.length > 0 && servesOnly(type, reasons, follow) }
}

function reasonFor(path: string, type: ModelType, used: Map<string, string>): string | undefined {
  if (path.startsWith(`${type.folder}/`)) return `in ${type.folder}/`
  if (path === SETTINGS_FILE) return 'settings that all model types share'
  const use = lookUp(path, used)
  if (use !== undefined) return use
  return isCheckSetting(path, type) ? 'settings of the checks' : undefined
}

function servesOnly(type: ModelType, reasons: readonly Reason[], follow: Follow): boolean {
  const { code, requirements } = type.serve
  const training = follow(file => file === type.pipeline || file === type.compare.score)
  const serving = follow(file => file.startsWith(`${code}/`) || file === requirements)
  return reasons.every(({ path }) => {
    const served = path.startsWith(`${code}/`) || path === requirements || lookUp(path, serving) !== undefined
    return served && lookUp(path, training) === undefined && path !== SETTINGS_FILE
  })
}

function namedBy(type: ModelType): string[] {
  const files = [type.pipeline, type.compare.score, type.requirements, type.serve.requirements]
  return files.filter(file => file !== null)
}

/** The use of the path itself or of a folder around it. */
function lookUp(path: string, used: Map<string, string>): string | undefined {
  for (let part = path; part !== ''; part = folderOf(part)) {
    const use = used.get(part)
    if (use !== undefined) return use
  }
  return undefined
}

const CHECK_SETTINGS =
  /^(pyproject\.toml|\.?ruff\.toml|setup\.cfg|tox\.ini|\.?pytest\.ini|\.flake8|conftest\.py)$/

/** Linters and pytest look for their settings in the folders above as well. */
function isCheckSetting(path: string, type: ModelType): boolean {
  const folder = folderOf(path)
  const isAbove = folder === '' || type.folder.startsWith(`${folder}/`)
  return isAbove && CHECK_SETTINGS.test(path.slice(folder === '' ? 0 : folder.length + 1))
}
