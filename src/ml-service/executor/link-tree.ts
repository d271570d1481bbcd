import { constants } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Gives `target` the contents of `source` (a file or a folder) by hard links, or by copies where the file system has
 * none; the files become read-only in both places. Symbolic links are followed.
 */
export async function linkTree(source: string, target: string): Promise<void> {
  await linkEntry(source, target, [])
}

async function linkEntry(source: string, target: string, above: string[]): Promise<void> {
  const info = await stat(source)
  if (info.isDirectory()) return linkFolder(source, target, above)
  if (!info.isFile()) return
  if ((info.mode & 0o222) !== 0) await chmod(source, info.mode & 0o555)
  await linkFile(await realpath(source), target)
}

async function linkFolder(source: string, target: string, above: string[]): Promise<void> {
  const real = await realpath(source)
  if (above.includes(real)) return
  await mkdir(target, { recursive: true })
  for (const name of await readdir(source)) {
    await linkEntry(join(source, name), join(target, name), [...above, real])
  }
}

async function linkFile(source: string, target: string): Promise<void> {
  try {
    await link(source, target)
  } catch (error) {
    if (!LINKS_UNAVAILABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
}

const LINKS_UNAVAILABLE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'])
