import type { SourceTree } from './model-type.ts'
import { type Inventory, mayRefer, type Reference, referencesIn } from './references.ts'
import { foldersOf } from './repository-paths.ts'

/** Everything that the chosen files lead to, however indirectly: path of a file or folder → how it is named. */
export type Follow = (starts: (file: string) => boolean) => Map<string, string>

/**
 * Follows the references in a tree. `deleted` paths are known as well, so that a file which is still named but was
 * removed is found. Each file is read and searched once, however many model types lead to it.
 */
export function referenceFollower(tree: SourceTree, deleted: readonly string[]): Follow {
  const names = [...tree.files, ...deleted]
  const inventory: Inventory = { files: new Set(names), folders: foldersOf(names) }
  const readable = tree.files.filter(mayRefer)
  const references = remembered(file => referencesIn(file, tree.read(file), inventory))
  const behind = remembered(path => readable.filter(file => file === path || file.startsWith(`${path}/`)))
  return starts => {
    const used = new Map<string, string>()
    const queue = new Set(readable.filter(starts))
    for (const file of queue) {
      for (const reference of references(file)) {
        if (!used.has(reference.path)) used.set(reference.path, use(reference, file))
        for (const next of behind(reference.path)) queue.add(next)
      }
    }
    const unnamed = tree.files.filter(file => starts(file) && !used.has(file))
    return new Map([...used, ...unnamed.map(file => [file, 'named in model.yml'] as const)])
  }
}

function use({ as }: Reference, file: string): string {
  return as === 'path' ? `named in ${file}` : `${as} in ${file}`
}

function remembered<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>()
  return key => {
    if (!known.has(key)) known.set(key, compute(key))
    return known.get(key)!
  }
}
