import { readCondaPackage } from '#model-types/conda-package.ts'
import { readPipLine, splitPipLines } from '#model-types/pip-line.ts'
import { pythonOfImage } from '#model-types/python-image.ts'
import type { EnvironmentSpec } from '../plan.ts'
import { mappingEntry, textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { type Library, resolveIn } from './library.ts'
import { pathHint } from './path-hint.ts'
import {
  at,
  atKey,
  atMissing,
  entry,
  type MappingTree,
  type Spot,
  scalarText,
  type Tree,
  toJson,
} from './yaml-tree.ts'

/** `environment:` as a reference, `file:` or inline mapping; undefined with an error when it can't be used here. */
export function readEnvironment(tree: Tree, library: Library): EnvironmentSpec | undefined {
  if (tree.kind === 'mapping') return readInline(tree, library)
  const text = scalarText(tree)?.trim()
  if (tree.kind !== 'scalar' || !text) return wrongType(tree, 'a reference or a mapping', library.findings)
  if (/^azureml:|^\/subscriptions\//.test(text)) return { kind: 'reference', reference: text }
  if (text.startsWith('file:')) return readFile(tree, resolveIn(tree.file, text.slice(5)), library)
  const suggestion = /\.ya?ml$/.test(text)
    ? `did you mean 'file:${text}'?`
    : `did you mean 'azureml:${text}'?`
  const message = `'${text}' is not an environment: a reference starts with 'azureml:', a file with 'file:'`
  library.findings.error(at(tree), 'bad-environment', message, suggestion)
  return undefined
}

/** Every command needs an environment, from the step or from its component. */
export function checkEnvironment(
  tree: MappingTree,
  environment: EnvironmentSpec | undefined,
  findings: Findings,
): void {
  if (environment || entry(tree, 'environment')) return
  const what = tree.name ? `step '${tree.name}'` : 'the component'
  const suggestion = "add 'environment: azureml:name@latest' or an inline environment"
  const message = `${what} has no environment`
  findings.error(atMissing(tree, 'environment'), 'missing-environment', message, suggestion)
}

function readFile(tree: Tree, path: string, library: Library): EnvironmentSpec | undefined {
  const mapping = library.mapping(
    path,
    at(tree),
    'environment-file-not-found',
    pathHint(scalarText(tree) ?? '', tree.file, library.disk),
  )
  return mapping && readInline(mapping, library)
}

function readInline(tree: MappingTree, library: Library): EnvironmentSpec | undefined {
  const { findings } = library
  warnUnknownKeys(tree, KNOWN.environment, findings)
  const build = entry(tree, 'build')
  if (build) {
    const message =
      'an environment with build (a Dockerfile) cannot be prepared here without a container engine'
    const suggestion = "use 'image' and 'conda_file', or a reference that the environments map names"
    findings.unsupported(atKey(build), 'unsupported-build', message, suggestion)
    return undefined
  }
  const image = textEntry(tree, 'image', findings)
  const file = entry(tree, 'conda_file')
  if (!image && !file) {
    findings.error(at(tree), 'bad-environment', "an inline environment needs 'image' or 'conda_file'")
    return undefined
  }
  if (image && !file) warnAboutImage(image, tree, library)
  return { kind: 'inline', image, conda: file && readConda(file, library) }
}

/** Without a conda file an image stands for an empty Python environment. */
function warnAboutImage(image: string, tree: MappingTree, { findings }: Library): void {
  if (pythonOfImage(image).isPython) return
  const message = `nothing of the image '${image}' is used here: the step gets an empty Python environment`
  findings.warning(at(entry(tree, 'image')!), 'image-not-used', message)
}

/** Canonical JSON of the conda specification, with requirements files written out, so that it stands for itself. */
function readConda(tree: Tree, library: Library): string | undefined {
  const path = scalarText(tree)
  const conda =
    tree.kind === 'mapping' || path === undefined
      ? tree
      : library.mapping(
          resolveIn(tree.file, path),
          at(tree),
          'conda-file-not-found',
          pathHint(path, tree.file, library.disk),
        )
  if (!conda) return undefined
  if (conda.kind !== 'mapping') return wrongType(tree, 'a path or a mapping', library.findings)
  const dependencies = entry(conda, 'dependencies')
  if (dependencies && dependencies.kind !== 'list') return wrongType(dependencies, 'a list', library.findings)
  const items = (dependencies?.items ?? []).map(item => readDependency(item, library))
  return JSON.stringify({ ...(toJson(conda) as object), dependencies: items })
}

function readDependency(item: Tree, library: Library): unknown {
  if (item.kind === 'scalar') return condaPackage(item, item.text, library)
  const pip = item.kind === 'mapping' ? entry(item, 'pip') : undefined
  if (pip?.kind !== 'list') return wrongType(item, "a package or 'pip:' with a list", library.findings)
  const lines = pip.items.flatMap(line => requirementLines(scalarText(line) ?? '', at(line), library, 0))
  return { pip: lines }
}

function condaPackage(item: Tree, text: string, { findings }: Library): string {
  const read = readCondaPackage(text)
  if (read.kind === 'refused') findings.unsupported(at(item), 'conda-package', read.message, read.hint)
  return text
}

/** The line itself, or for `-r file` the lines of the file, without comments. */
function requirementLines(line: string, spot: Spot, library: Library, depth: number): string[] {
  const read = readPipLine(line)
  if (read?.kind === 'refused') {
    library.findings.unsupported(spot, 'local-requirement', read.message, read.hint)
  }
  if (read?.kind !== 'include') return read?.kind === 'line' ? [read.line] : []
  const file = library.text(
    resolveIn(spot.file, read.path),
    spot,
    'requirements-file-not-found',
    pathHint(read.path, spot.file, library.disk),
  )
  if (!file || depth > 10) return []
  const inside = { file, offset: 0, key: '' }
  const lines = splitPipLines(file.text)
  return lines.flatMap(one => requirementLines(one.line, inside, library, depth + 1))
}

/** `environment_variables:` as strings; other types are refused, as Azure ML does. */
export function readEnvironmentVariables(owner: MappingTree, library: Library): Record<string, string> {
  const variables = mappingEntry(owner, 'environment_variables', library.findings)
  const entries: [string, string][] = []
  for (const [name, value] of variables?.entries ?? []) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      library.findings.error(atKey(value), 'bad-name', `'${name}' is not a name for an environment variable`)
    } else if (value.kind === 'scalar' && value.type === 'string') entries.push([name, value.text])
    else nonString(value, library)
  }
  return Object.fromEntries(entries)
}

function nonString(value: Tree, library: Library): void {
  const source = value.kind === 'scalar' ? value.source : '…'
  const message = `the environment variable '${value.name}' must be a string`
  library.findings.error(at(value), 'wrong-type', message, `put it in quotes: '${source}'`)
}
