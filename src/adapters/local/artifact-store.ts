import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NotFoundError } from '#errors.ts'
import type { ArtifactStore } from '#ports/artifact-store.ts'
import { fileDigest, syncToDisk } from './folder-copy.ts'

/** Artifacts as files `<directory>/<first two digits>/<64 hex digits>`. Several processes may share the directory. */
export function folderArtifactStore(directory: string): ArtifactStore {
  return { put, has, get }

  /** A stored file that was damaged is replaced, because the new copy takes its place by renaming. */
  async function put(file: string): Promise<string> {
    const unfinished = join(directory, `.adding-${randomBytes(8).toString('hex')}`)
    await mkdir(directory, { recursive: true })
    try {
      const digest = await copyDurably(file, unfinished)
      const place = placeOf(directory, digest)!
      await mkdir(dirname(place), { recursive: true })
      await rename(unfinished, place)
      return digest
    } finally {
      await rm(unfinished, { force: true })
    }
  }

  async function has(digest: string): Promise<boolean> {
    const place = placeOf(directory, digest)
    return place !== undefined && (await isThere(place))
  }

  async function get(digest: string, file: string): Promise<void> {
    const place = placeOf(directory, digest)
    if (!place || !(await isThere(place))) {
      throw new NotFoundError('artifact-not-found', `there is no artifact ${digest}`)
    }
    const unfinished = `${file}.${randomBytes(4).toString('hex')}`
    try {
      const found = await copyDurably(place, unfinished)
      if (found !== digest)
        throw new Error(`the stored artifact ${digest} is damaged: it has digest ${found}`)
      await chmod(unfinished, 0o644)
      await rename(unfinished, file)
    } finally {
      await rm(unfinished, { force: true })
    }
  }
}

/** The digest is that of the copy, so that it holds for what was stored even if the source changes meanwhile. */
async function copyDurably(from: string, to: string): Promise<string> {
  await copyFile(from, to, constants.COPYFILE_FICLONE)
  await chmod(to, 0o444)
  await syncToDisk(to)
  return fileDigest(to)
}

function placeOf(directory: string, digest: string): string | undefined {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1]
  return hex && join(directory, hex.slice(0, 2), hex)
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
