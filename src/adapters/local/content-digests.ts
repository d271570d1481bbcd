import { createHash } from 'node:crypto'
import { createReadStream, type Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DigestMemory, digestMemory } from './digest-memory.ts'

/** Files from this size on are remembered by size, time and inode; below, reading is as fast as looking it up. */
const REMEMBERED_BYTES = 1024 * 1024

/**
 * Digests of files and folders (`sha256:…`): over relative paths and contents, whatever the absolute path, times and
 * permissions. Symbolic links are followed. `memory` is a file that keeps digests of large files between processes.
 */
export function contentDigests(memory: string): (path: string) => Promise<string> {
  const remembered = digestMemory(memory)
  return async path => {
    const info = await stat(path)
    if (!info.isDirectory()) return `sha256:${await fileDigest(path, remembered)}`
    const hash = createHash('sha256')
    for (const line of await folderLines({ root: path, prefix: '', above: [], memory: remembered }))
      hash.update(line)
    return `sha256:${hash.digest('hex')}`
  }
}

/** `above` holds the real paths of the folders that were entered through links, so that circles end. */
interface Walk {
  root: string
  prefix: string
  above: readonly string[]
  memory: DigestMemory
}

/** One line per file and folder below, in an order that doesn't depend on the file system. */
async function folderLines(walk: Walk): Promise<string[]> {
  const lines: string[] = []
  const entries = await readdir(join(walk.root, walk.prefix), { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const line of await entryLines(entry, walk.prefix + entry.name, walk)) lines.push(line)
  }
  return lines
}

async function entryLines(entry: Dirent, path: string, walk: Walk): Promise<string[]> {
  if (entry.isSymbolicLink()) return linkLines(path, walk)
  if (entry.isDirectory()) return subfolderLines(path, walk, walk.above)
  if (entry.isFile()) return [`file\0${path}\0${await fileDigest(join(walk.root, path), walk.memory)}\n`]
  return [`other\0${path}\n`]
}

async function subfolderLines(path: string, walk: Walk, above: readonly string[]): Promise<string[]> {
  return [`folder\0${path}\n`, ...(await folderLines({ ...walk, prefix: `${path}/`, above }))]
}

async function linkLines(path: string, walk: Walk): Promise<string[]> {
  const full = join(walk.root, path)
  const real = await realpath(full).catch(() => undefined)
  if (real === undefined) return [`other\0${path}\n`]
  if (!(await stat(real)).isDirectory()) return [`file\0${path}\0${await fileDigest(real, walk.memory)}\n`]
  const circle = walk.above.includes(real) || full.startsWith(`${real}/`)
  return circle ? [`folder\0${path}\n`] : subfolderLines(path, walk, [...walk.above, real])
}

async function fileDigest(path: string, memory: DigestMemory): Promise<string> {
  const info = await stat(path, { bigint: true })
  if (info.size < REMEMBERED_BYTES)
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  const known = await memory.find(info)
  if (known) return known
  const digest = await streamDigest(path)
  const after = await stat(path, { bigint: true })
  if (after.mtimeNs === info.mtimeNs && after.size === info.size) await memory.keep(info, digest)
  return digest
}

async function streamDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer)
  return hash.digest('hex')
}
