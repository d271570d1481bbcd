import { isScalar } from 'yaml'
import { type Entry, type Field, invalidValue, valueAt } from './entry.ts'
import { listOf, mapOf, optional, record } from './fields.ts'
import type { RepositorySettings, SourceTree } from './model-type.ts'
import { pathFields } from './repository-paths.ts'
import { requirementLines } from './requirements-file.ts'
import { openSettingsFile } from './settings-file.ts'
import { byteSize, literal, matching, name, shown, text } from './values.ts'

export const SETTINGS_FILE = 'mlops/millwright.yml'

/** Reads `mlops/millwright.yml`; without the file, or for keys left out, the defaults. Throws UserError. */
export function readSettings(tree: SourceTree): RepositorySettings {
  if (!tree.files.includes(SETTINGS_FILE)) return DEFAULTS
  return settingsFields(tree)(openSettingsFile(SETTINGS_FILE, tree.read(SETTINGS_FILE)))
}

const DEPLOY = { dev: { branch: 'main' }, qa: { branch: 'qa' } }

const CACHE = { maxSize: 20 * 2 ** 30 }

const DEFAULTS: RepositorySettings = {
  deploy: DEPLOY,
  environments: {},
  datastores: {},
  registry: null,
  cache: CACHE,
}

const branch = matching(
  /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[A-Za-z0-9_][A-Za-z0-9._/-]{0,200}(?<![./])$/,
  'a branch name made of letters, digits, `.`, `_`, `-` and `/`',
  'invalid-name',
)

const registry = matching(
  /^(?:https?:\/\/)?[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:\/[a-z0-9][a-z0-9._/-]*)?$/,
  'a registry address such as `registry.example.com/models`, without user name or password',
)

const datastoreName = matching(
  /^[A-Za-z0-9_-]{1,128}$/,
  'the name of a datastore: letters, digits, `_` and `-`',
  'invalid-name',
)

const datastorePlace = matching(
  /^(?:https:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?\/[^?#\s]+|(?![A-Za-z][A-Za-z0-9+.-]*:\/\/).+)$/,
  'a folder, or a blob container such as `https://account.blob.core.windows.net/container`',
)

function settingsFields(tree: SourceTree) {
  const environment = record({ python: optional(pythonVersion, undefined), requirements: requirements(tree) })
  return record({
    deploy: optional(oneBranchEach(mapOf(name, record({ branch }))), DEPLOY),
    environments: optional(mapOf(text, withoutUndefined(environment)), {}),
    datastores: optional(mapOf(datastoreName, datastorePlace), {}),
    registry: optional(registry, null),
    cache: optional(record({ maxSize: optional(byteSize, CACHE.maxSize) }), CACHE),
  })
}

const pythonVersion: Field<string> = entry => {
  const version = literal(entry)
  if (/^(?:(?:[<>=!~]=?|===)?\s*3(?:\.[0-9]{1,3}){0,2}(?:\.\*)?\s*(?:,\s*|$))+$/.test(version)) return version
  throw invalidValue(
    entry,
    `is ${shown(version)}, but must be a Python version such as "3.11" or ">=3.10,<3.14"`,
  )
}

function requirements(tree: SourceTree): Field<string[]> {
  const file = pathFields(tree, 'mlops').file()
  const list = listOf(text)
  return entry => (isScalar(valueAt(entry)) ? requirementLines(tree, file(entry)) : list(entry))
}

function oneBranchEach<T extends { branch: string }>(
  read: Field<Record<string, T>>,
): Field<Record<string, T>> {
  return entry => {
    const deploy = read(entry)
    const branches = Object.values(deploy).map(({ branch }) => branch)
    const twice = branches.find((branch, index) => branches.indexOf(branch) !== index)
    if (twice === undefined) return deploy
    const hint = 'A merge into a branch deploys to one environment: give each its own branch.'
    throw invalidValue(entry, `names the branch \`${twice}\` for two environments`, 'duplicate-branch', hint)
  }
}

/** Leaves out what the user left out. */
function withoutUndefined<T extends { python: string | undefined }>(read: Field<T>) {
  return (entry: Entry) => {
    const { python, ...rest } = read(entry)
    return python === undefined ? rest : { ...rest, python }
  }
}
