import { type Field, invalidValue } from './entry.ts'
import { mapOf, optional, record } from './fields.ts'
import type { RepositorySettings } from './model-type.ts'
import { environmentsField, type NamedFiles } from './read-environments.ts'
import { folderOf } from './repository-paths.ts'
import { openSettingsFile } from './settings-file.ts'
import { byteSize, flag, matching, name } from './values.ts'

export const SETTINGS_FILE = 'mlops/millwright.yml'

/** Reads `mlops/millwright.yml`; without the file, or for keys left out, the defaults. Throws UserError. */
export function readSettings(tree: NamedFiles): RepositorySettings {
  if (!tree.files.includes(SETTINGS_FILE)) return DEFAULTS
  return settingsFields(tree)(openSettingsFile(SETTINGS_FILE, tree.read(SETTINGS_FILE)))
}

const DEPLOY = { dev: { branch: 'main' }, qa: { branch: 'qa' } }

const CACHE = { maxSize: 20 * 2 ** 30 }

const DEFAULTS: RepositorySettings = {
  deploy: DEPLOY,
  environments: {},
  datastores: {},
  python: { warm: undefined },
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

function settingsFields(tree: NamedFiles) {
  return record({
    deploy: optional(oneBranchEach(mapOf(name, record({ branch }))), DEPLOY),
    environments: optional(environmentsField(tree, folderOf(SETTINGS_FILE)), {}),
    datastores: optional(mapOf(datastoreName, datastorePlace), {}),
    python: optional(record({ warm: optional(flag, undefined) }), { warm: undefined }),
    registry: optional(registry, null),
    cache: optional(record({ maxSize: optional(byteSize, CACHE.maxSize) }), CACHE),
  })
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
