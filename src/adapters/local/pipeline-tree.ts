import { realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { UserError } from '#errors.ts'
import { listCode } from '#ml-service/executor/code-snapshot.ts'
import { type DefinitionFiles, definitionFiles } from '#ml-service/pipeline-file/definition-files.ts'
import { firstError } from '#ml-service/pipeline-file/lint.ts'
import type { TreeFile } from '#ports/pipeline-runner.ts'
import { componentLookup, type FoundComponent, VENDORED } from './component-lookup.ts'
import { folderTree } from './source-tree.ts'

/** Everything that a pipeline or component file is made of: it can be copied elsewhere and means the same there. */
export interface PipelineTree {
  definition: DefinitionFiles
  /** Folder that the paths are relative to. */
  root: string
  /** Sorted. Registered components lie under `.components/`, so that `@latest` is pinned. */
  files: TreeFile[]
}

export interface TreeOptions {
  /** Folder of the component registry. */
  components: string
  /** Folder that has to hold everything; default: the deepest one that does. */
  root?: string
  /** `links`: links in code are followed, as for a step. */
  code: 'links' | 'no-links'
  /** Further files and folders of the tree. */
  also?: readonly string[]
}

/** Throws UserError with the first problem of the file. */
export async function pipelineTree(file: string, options: TreeOptions): Promise<PipelineTree> {
  const found = new Map<string, FoundComponent & { from: string }>()
  const lookup = componentLookup(options.components, (component, from) => {
    found.set(`${component.folder}\0${component.selector}`, { ...component, from })
  })
  const definition = definitionFiles(file, lookup)
  const problem = firstError(definition.problems)
  if (problem) throw problem
  const list = options.code === 'links' ? listCode : listPlain
  const code = await Promise.all([...definition.code, ...(options.also ?? [])].map(list))
  const inSnapshot = [...found.values()].map(component => component.folder)
  const isOwn = (path: string) => !inSnapshot.some(folder => isInside(folder, path))
  const own = [...new Set([...definition.files, ...code.flat()])].filter(isOwn)
  const root = options.root ?? commonFolder(own)
  const files = [...own.map(path => inRoot(root, path)), ...snapshots(root, options, [...found.values()])]
  return { definition, root, files: await withoutLinks(unique(files)) }
}

/** Snapshots that a file of the tree refers to; those inside of another snapshot come with it. */
function snapshots(root: string, { components }: TreeOptions, found: (FoundComponent & { from: string })[]) {
  const direct = found.filter(({ from }) => !found.some(({ folder }) => isInside(folder, from)))
  return direct.flatMap(({ folder, name, selector }) => {
    const target = isInside(components, folder)
      ? `${VENDORED}/${name}/${selector}`
      : toPosix(relative(root, folder))
    const files = folderTree(folder).files.filter(path => path !== 'created')
    return files.map(path => ({ path: `${target}/${path}`, from: join(folder, path) }))
  })
}

/** Caches of Python tools are left out: they are no code. */
async function listPlain(code: string): Promise<string[]> {
  return folderTree(code).files.map(path => join(code, path))
}

function inRoot(root: string, path: string): TreeFile {
  if (isInside(root, path)) return { path: toPosix(relative(root, path)), from: path }
  throw new UserError('outside-of-source', `the pipeline refers to ${path}, which is not in ${root}`, {
    hint: 'move it into the repository, or register the component: `millwright ml component register`',
  })
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function commonFolder(paths: readonly string[]): string {
  const folders = paths.map(path => path.split(sep).slice(0, -1))
  const [first = []] = folders
  const length = first.findIndex((part, i) => folders.some(folder => folder[i] !== part))
  return first.slice(0, length === -1 ? first.length : length).join(sep) || sep
}

function toPosix(path: string): string {
  return path.split(sep).join('/')
}

function unique(files: TreeFile[]): TreeFile[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function withoutLinks(files: TreeFile[]): Promise<TreeFile[]> {
  return Promise.all(files.map(async ({ path, from }) => ({ path, from: await realpath(from) })))
}
