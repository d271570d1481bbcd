import { createReadStream } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#errors.ts'
import { type Compression, SAMPLE_BYTES, worthCompressing } from '#packaging/compression.ts'
import type { LayerFile } from '#packaging/layer.ts'

/** A file on this machine and its place in the image. */
export interface SourceFile extends LayerFile {
  source: string
}

/**
 * The regular files at `source`, a file or folder, under their places in the image.
 * Throws UserError when it is missing, or holds a symbolic link or a special file: those would not be reproducible.
 */
export async function filesAt(place: string, source: string): Promise<SourceFile[]> {
  const facts = await lstat(source).catch(() => undefined)
  if (facts?.isFile()) return [sourceFile(place, source, facts.size)]
  if (facts?.isDirectory()) return filesUnder(place, source)
  throw new UserError('image-source', facts ? 'not a regular file or folder' : 'no such file or folder', {
    place: { file: source },
    hint: facts ? 'an image holds regular files only; replace the link by what it points at' : undefined,
  })
}

async function filesUnder(place: string, folder: string): Promise<SourceFile[]> {
  const files: SourceFile[] = []
  for (const name of await readdir(folder))
    files.push(...(await filesAt(`${place}/${name}`, join(folder, name))))
  return files
}

const READ_BYTES = 1024 * 1024

function sourceFile(path: string, source: string, bytes: number): SourceFile {
  return { path, source, bytes, open: () => createReadStream(source, { highWaterMark: READ_BYTES }) }
}

/** Looks at the beginning of the largest file, which decides how much there is to gain. */
export async function compressionOf(files: readonly SourceFile[]): Promise<Compression> {
  const largest = files.reduce<SourceFile | undefined>((a, b) => (a && a.bytes >= b.bytes ? a : b), undefined)
  if (!largest) return 'gzip'
  return worthCompressing(await beginning(largest)) ? 'gzip' : 'none'
}

async function beginning(file: SourceFile): Promise<Buffer> {
  const handle = await open(file.source)
  try {
    const sample = Buffer.alloc(Math.min(file.bytes, SAMPLE_BYTES))
    const { bytesRead } = await handle.read(sample, 0, sample.length, 0)
    return sample.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
