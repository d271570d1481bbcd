import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
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
    for (const line of await folderLines(path, '', [], remembered)) hash.update(line)
    return `sha256:${hash.digest('hex')}`
  }
}

/** One line per file and folder below, in an order that doesn't depend on the file system. */
async function folderLines(
  root: string,
  prefix: string,
  above: string[],
  memory: DigestMemory,
): Promise<string[]> {
  const real = await realpath(join(root, prefix))
  if (above.includes(real)) return []
  const lines: string[] = []
  for (const name of (await readdir(join(root, prefix))).sort()) {
    const path = `${prefix}${name}`
    const info = await stat(join(root, path)).catch(() => undefined)
    if (info?.isDirectory()) {
      lines.push(`folder\0${path}\n`, ...(await folderLines(root, `${path}/`, [...above, real], memory)))
    } else if (info?.isFile()) {
      lines.push(`file\0${path}\0${await fileDigest(join(root, path), memory)}\n`)
    } else lines.push(`other\0${path}\n`)
  }
  return lines
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
