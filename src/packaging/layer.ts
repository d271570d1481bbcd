import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'
import { UserError } from '#errors.ts'

/** A regular file of a layer. `path` is relative to the image's root, with forward slashes: `app/serve/predict.py`. */
export interface LayerFile {
  path: string
  bytes: number
  /** Opened once, when its turn comes. Must yield exactly `bytes` bytes. */
  open(): Readable
}

/**
 * The layer as a tar stream that depends on nothing but paths, contents and `modified`: sorted, parent folders added,
 * files 0644 and folders 0755 owned by root, one time for all, no pax headers except for names that need one.
 * Throws UserError for a path that leaves the image, appears twice, or is a file and a folder at once.
 */
export function layerTar(files: readonly LayerFile[], modified: Date): Readable {
  const entries = withFolders(files)
  const pack = tar.pack()
  writeEntries(pack, entries, modified).catch(error => pack.destroy(error))
  return Readable.from(pack, { objectMode: false })
}

type Entry = { name: string; file: LayerFile | undefined }

function withFolders(files: readonly LayerFile[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const file of files) {
    const segments = checkedSegments(file.path)
    for (let depth = 1; depth < segments.length; depth++) {
      const folder = `${segments.slice(0, depth).join('/')}/`
      entries.set(folder, { name: folder, file: undefined })
    }
    if (entries.has(file.path)) throw badPath(file.path, 'appears twice')
    entries.set(file.path, { name: file.path, file })
  }
  for (const name of entries.keys())
    if (entries.has(`${name}/`)) throw badPath(name, 'is a file and a folder')
  return [...entries.values()].sort(byNameBytes)
}

function checkedSegments(path: string): string[] {
  const segments = path.split('/')
  const strange = segments.some(segment => segment === '' || segment === '.' || segment === '..')
  if (strange || path.includes('\0')) throw badPath(path, 'is not a relative path inside the image')
  return segments
}

function badPath(path: string, problem: string): UserError {
  return new UserError('image-path', `${JSON.stringify(path)} ${problem}`, {
    hint: 'rename the file; an image holds each path once, below its root',
  })
}

function byNameBytes(a: Entry, b: Entry): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))
}

async function writeEntries(pack: tar.Pack, entries: Entry[], modified: Date): Promise<void> {
  const mtime = wholeSeconds(modified)
  for (const { name, file } of entries) {
    if (!file) pack.entry({ name, type: 'directory', mode: 0o755, mtime })
    else if (file.bytes === 0) pack.entry({ name, type: 'file', mode: 0o644, mtime }, '')
    else await pipeline(file.open(), pack.entry({ name, type: 'file', mode: 0o644, mtime, size: file.bytes }))
  }
  pack.finalize()
}

/** Seconds that a plain header can hold; tar-stream keeps 31 bits. */
function wholeSeconds(time: Date): Date {
  const seconds = Math.floor(time.getTime() / 1000)
  return new Date(Math.min(Math.max(seconds, 0), 0x7fffffff) * 1000)
}
