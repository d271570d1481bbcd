import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { ConflictError, NotFoundError, UserError } from '#errors.ts'
import { nearest } from '#model-types/nearest.ts'
import { filesDigest } from '#models/digest.ts'
import type { ComponentRegistry, ComponentVersion } from '#ports/component-registry.ts'
import {
  componentNames,
  createdAt,
  isComponentName,
  isComponentVersion,
  parseComponentReference,
  readIndex,
  type SnapshotIndex,
  versionFolders,
} from './component-lookup.ts'
import { fileDigest } from './file-digest.ts'
import { type PipelineTree, pipelineTree } from './pipeline-tree.ts'
import { copyTree } from './publish-tree.ts'
import { folderTree } from './source-tree.ts'

/** Keeps component versions as folders: `<directory>/<name>/<version>/{component.json, created, files/}`. */
export function localComponentRegistry(directory: string): ComponentRegistry {
  const partials = join(directory, '.partial')
  const names = () => componentNames(directory)
  return {
    async register(file, as) {
      const tree = await pipelineTree(file, { components: directory, code: 'links' })
      const name = componentName(as.name ?? tree.definition.name, file)
      const wanted = as.version ?? tree.definition.version
      const index = { ...(await indexOf(tree, file)), name, version: componentVersion(wanted ?? '1') }
      const partial = join(partials, randomUUID())
      try {
        await copyTree(tree.files, join(partial, 'files'))
        return await place(directory, index, partial, wanted === undefined)
      } finally {
        await rm(partial, { recursive: true, force: true })
      }
    },
    async list(name) {
      const known = name === undefined ? names() : isComponentName(name) ? [name] : []
      return known.flatMap(one => versionFolders(directory, one)).map(version)
    },
    async find(text) {
      const reference = parseComponentReference(text)
      const folders = reference ? versionFolders(directory, reference.name) : []
      const folder =
        reference?.selector === '@latest'
          ? folders[0]
          : folders.find(path => path === join(directory, reference!.name, reference!.selector))
      if (folder) return version(folder)
      throw unknown(text, reference?.name ?? text, folders, names())
    },
  }
}

async function indexOf(tree: PipelineTree, file: string): Promise<SnapshotIndex> {
  const digested = []
  for (const { path, from } of tree.files) digested.push({ path, ...(await fileDigest(from)) })
  const { type, description = null } = tree.definition
  const own = `files/${relative(tree.root, file).split(sep).join('/')}`
  return { name: '', version: '', type, description, digest: filesDigest(digested), file: own }
}

/** Moves the snapshot to its place, whole or not at all. Who finds the place taken looks at what is there. */
async function place(
  directory: string,
  index: SnapshotIndex,
  partial: string,
  isAutomatic: boolean,
): Promise<ComponentVersion> {
  const known = versionFolders(directory, index.name)
  const same = isAutomatic ? known.find(folder => readIndex(folder).digest === index.digest) : undefined
  if (same) return version(same)
  const chosen = isAutomatic
    ? { ...index, version: nextVersion(known.map(folder => readIndex(folder).version)) }
    : index
  const target = join(directory, chosen.name, chosen.version)
  const newest = known[0] === undefined ? 0 : createdAt(known[0])
  await writeFile(join(partial, 'component.json'), `${JSON.stringify(chosen, null, 1)}\n`)
  await writeFile(join(partial, 'created'), String(Math.max(Date.now(), newest + 1)))
  await mkdir(join(directory, chosen.name), { recursive: true })
  if (existsSync(target) || !(await moved(partial, target))) {
    if (isAutomatic) return place(directory, index, partial, isAutomatic)
    refuseOther(chosen, readIndex(target))
  }
  return version(target)
}

async function moved(partial: string, target: string): Promise<boolean> {
  return rename(partial, target).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false
      throw error
    },
  )
}

function refuseOther({ name, version, digest }: SnapshotIndex, known: SnapshotIndex): void {
  if (digest === known.digest) return
  throw new ConflictError(
    'version-taken',
    `the component ${name}:${version} was registered with other content`,
    {
      hint: 'give another version: --version <version>',
    },
  )
}

function nextVersion(known: readonly string[]): string {
  const numbers = known.filter(text => /^[1-9][0-9]{0,8}$/.test(text)).map(Number)
  return String(Math.max(0, ...numbers) + 1)
}

function version(folder: string): ComponentVersion {
  const files = folderTree(join(folder, 'files')).files.length
  return { ...readIndex(folder), files, createdAt: new Date(createdAt(folder)).toISOString() }
}

function componentName(name: string | undefined, file: string): string {
  if (name !== undefined && isComponentName(name)) return name
  const message =
    name === undefined ? 'the component has no name' : `'${name}' can't be the name of a component`
  throw new UserError('bad-component-name', message, {
    place: { file, key: 'name' },
    hint: "letters, digits, dots, underscores and hyphens: 'name:' in the file, or --name <name>",
  })
}

function componentVersion(text: string): string {
  if (isComponentVersion(text)) return text
  throw new UserError('bad-component-version', `'${text}' can't be a version of a component`, {
    hint: 'use at most 30 letters, digits, dots, underscores and hyphens, e.g. 0.0.2',
  })
}

function unknown(text: string, name: string, versions: string[], names: string[]): NotFoundError {
  const known = versions.map(folder => readIndex(folder).version)
  const meant = nearest(name, names)
  const hint = meant ? `did you mean '${meant}'?` : 'see `millwright ml component list`'
  return new NotFoundError('no-such-component', `there is no component '${text}'`, {
    hint: known.length > 0 ? `its versions are ${known.slice(0, 10).join(', ')}` : hint,
  })
}
