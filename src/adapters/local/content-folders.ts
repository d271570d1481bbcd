import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DigestedFile, filesDigest } from '#models/digest.ts'
import { copyFolder, digestFolder, syncToDisk } from './folder-copy.ts'
import { listFiles } from './folder-listing.ts'

/** Immutable folders of files, stored under the digest of their contents. */
export interface ContentFolders {
  /** Copies the file or folder in, verified and read-only. Throws UserError when it changes meanwhile. */
  add(path: string): Promise<{ digest: string; files: DigestedFile[] }>
  /** The stored folder. Throws Error when a byte differs from what was added. */
  open(digest: string): Promise<string>
}

const ABANDONED_MS = 24 * 60 * 60 * 1000

/** Keeps them as `<directory>/<64 hex digits>`. Several processes may share the directory. */
export function contentFolders(directory: string): ContentFolders {
  const verified = new Map<string, string>()
  return { add, open }

  async function add(path: string): Promise<{ digest: string; files: DigestedFile[] }> {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await removeAbandoned(directory)
    const unfinished = join(directory, `.adding-${randomBytes(8).toString('hex')}`)
    try {
      await mkdir(unfinished)
      const files = await copyFolder(path, unfinished)
      const digest = filesDigest(files)
      await moveIn(unfinished, digest)
      return { digest, files }
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }

  /** A stored folder that was damaged is replaced by the good copy. */
  async function moveIn(unfinished: string, digest: string): Promise<void> {
    const finished = join(directory, hexOf(digest))
    await rename(unfinished, finished).catch(async error => {
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
      if (await open(digest).catch(() => undefined)) return
      await rename(finished, join(directory, `.damaged-${randomBytes(8).toString('hex')}`))
      await rename(unfinished, finished)
    })
    await syncToDisk(directory)
  }

  /** Digests are computed once per process, and again when a file's size, times or inode have changed. */
  async function open(digest: string): Promise<string> {
    const folder = join(directory, hexOf(digest))
    const state = await stateOf(folder)
    if (state === undefined) throw new Error(`the stored files of ${digest} are gone (${folder})`)
    if (verified.get(digest) === state) return folder
    if (filesDigest(await digestFolder(folder)) !== digest) {
      throw new Error(`the stored files of ${digest} are damaged (${folder})`)
    }
    verified.set(digest, state)
    return folder
  }
}

async function stateOf(folder: string): Promise<string | undefined> {
  const listing = await listFiles(folder).catch(() => undefined)
  return listing?.map(file => `${file.path} ${file.signature}`).join('\n')
}

/** What a killed process left half-done. */
async function removeAbandoned(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter(name => /^\.(adding|damaged)-/.test(name))
  for (const name of names) {
    const found = await stat(join(directory, name)).catch(() => undefined)
    if (!found || Date.now() - found.mtimeMs < ABANDONED_MS) continue
    await rm(join(directory, name), { recursive: true, force: true })
  }
}

function hexOf(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`not a digest: ${digest}`)
  return digest.slice('sha256:'.length)
}
