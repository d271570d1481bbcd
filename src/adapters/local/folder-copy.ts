import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { chmod, copyFile, mkdir, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#errors.ts'
import type { DigestedFile } from '#models/digest.ts'
import { type ListedFile, listFiles, unreadable } from './folder-listing.ts'

const AT_ONCE = 8

/**
 * Copies the file or folder `path` into the empty folder `target`: read-only files, written to the disk. The digests
 * are those of the copies. Throws UserError when something of the source changes meanwhile.
 */
export async function copyFolder(path: string, target: string): Promise<DigestedFile[]> {
  const before = await listFiles(path)
  const files = await inBatches(before, file => copyIn(file, target))
  refuseChanged(path, before, await listFiles(path))
  return files
}

/** Every file of a folder with its digest, or the one file that `path` is. */
export async function digestFolder(path: string): Promise<DigestedFile[]> {
  return inBatches(await listFiles(path), digested)
}

export async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return `sha256:${hash.digest('hex')}`
}

/** Makes sure that what was written to the file or folder survives a power loss. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync()
  await handle.close()
}

async function copyIn(file: ListedFile, target: string): Promise<DigestedFile> {
  const copy = join(target, file.path)
  await mkdir(dirname(copy), { recursive: true })
  await copyFile(file.source, copy, constants.COPYFILE_FICLONE).catch(cause => {
    if (cause.code === 'EACCES') throw unreadable(file.source)
    throw cause.code === 'ENOENT' ? changed(file.source) : cause
  })
  await chmod(copy, 0o444)
  await syncToDisk(copy)
  return digested({ path: file.path, source: copy })
}

async function digested(file: { path: string; source: string }): Promise<DigestedFile> {
  const { size } = await stat(file.source)
  return { path: file.path, bytes: size, digest: await fileDigest(file.source) }
}

function refuseChanged(path: string, before: ListedFile[], after: ListedFile[]): void {
  const state = new Map(after.map(file => [file.path, file.signature]))
  const other = before.find(file => state.get(file.path) !== file.signature)
  if (other) throw changed(other.source)
  if (after.length !== before.length) throw changed(path)
}

function changed(file: string): UserError {
  return new UserError('changed-while-copied', `${file} was changed while it was copied`, {
    place: { file },
    hint: 'Wait until whatever writes it has finished, then try again.',
  })
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))))
  }
  return results
}
