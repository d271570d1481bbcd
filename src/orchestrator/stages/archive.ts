import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { lstat, mkdir, readdir, rename } from 'node:fs/promises'
import { dirname, join, normalize, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type Extract, extract as openArchive, pack as openPack, type Pack } from 'tar-stream'
import { UserError } from '#errors.ts'

type Entry = Extract extends AsyncIterable<infer E> ? E : never

export interface PackedFile {
  path: string
  bytes: number
  digest: string
}

const LIMITS = { files: 100_000, bytes: 20 * 2 ** 30 }

/**
 * Packs regular files of `root` into a .tar.gz that depends on their paths, contents and executable bits only: sorted,
 * without owners and times. `elsewhere` tells which paths are copied from another file. Returns size and sha256 of each.
 */
export async function packFiles(
  root: string,
  paths: string[],
  archive: string,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): Promise<{ files: PackedFile[] }> {
  await mkdir(dirname(archive), { recursive: true })
  const pack = openPack()
  const written = pipeline(pack, createGzip({ level: 6 }), createWriteStream(`${archive}.partial`))
  const files: PackedFile[] = []
  for (const path of [...paths].sort())
    files.push(await addFile(pack, path, elsewhere.get(path) ?? join(root, path)))
  pack.finalize()
  await written
  await rename(`${archive}.partial`, archive)
  return { files }
}

/** Unpacks an archive made by {@link packFiles} into `root`. Refuses links, devices, and paths that leave it. */
export async function unpackFiles(archive: string, root: string): Promise<PackedFile[]> {
  const files: PackedFile[] = []
  const extract = openArchive()
  const read = pipeline(createReadStream(archive), createGunzip(), extract)
  read.catch(() => {})
  let bytes = 0
  for await (const entry of extract) {
    const { name, type = 'file', size = 0, mode } = entry.header
    bytes += size
    if (type !== 'file' || !isInside(name) || files.length >= LIMITS.files || bytes > LIMITS.bytes)
      throw refused(archive, name, type)
    files.push(await writeEntry(entry, join(root, name), name, mode === 0o755 ? 0o755 : 0o644))
  }
  await read
  return files
}

/** Relative paths of all regular files below `root`, sorted, with forward slashes. Links are not followed. */
export async function listTree(root: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(entry => {
      const path = posix.join(below, entry.name)
      return entry.isDirectory() ? listTree(root, path) : entry.isFile() ? [path] : []
    }),
  )
  return found.flat().sort()
}

async function addFile(pack: Pack, path: string, file: string): Promise<PackedFile> {
  const { size, mode } = await lstat(file)
  const hash = createHash('sha256')
  const entry = pack.entry({
    name: path,
    size,
    mode: mode & 0o100 ? 0o755 : 0o644,
    mtime: new Date(0),
    uid: 0,
    gid: 0,
  })
  const source = createReadStream(file)
  source.on('data', chunk => hash.update(chunk))
  await pipeline(source, entry)
  return { path, bytes: size, digest: `sha256:${hash.digest('hex')}` }
}

async function writeEntry(entry: Entry, file: string, path: string, mode: number): Promise<PackedFile> {
  await mkdir(dirname(file), { recursive: true })
  const hash = createHash('sha256')
  let bytes = 0
  const measured = async function* () {
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  await pipeline(measured(), createWriteStream(file, { mode }))
  return { path, bytes, digest: `sha256:${hash.digest('hex')}` }
}

function isInside(name: string): boolean {
  return (
    !posix.isAbsolute(name) &&
    !name.includes('\\') &&
    !name.includes('\0') &&
    !normalize(name).startsWith('..')
  )
}

function refused(archive: string, name: string, type: string): UserError {
  return new UserError(
    'archive-refused',
    `the archive holds '${name}' (${type}), which an artifact can't hold`,
    {
      place: { file: archive },
      hint: 'only regular files inside the archive are accepted, at most 100,000 files and 20 GiB',
    },
  )
}
