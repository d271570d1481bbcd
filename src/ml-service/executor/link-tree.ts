import { constants, type Dirent } from 'node:fs'
import { chmod, copyFile, link, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Gives `target` the contents of `source` (a file or a folder) by hard links, or by copies where the file system has
 * none. Symbolic links are followed. With `protect` the files become read-only, in both places; but what lies elsewhere
 * (a link leads out of `source`, a file has another name) isn't ours to change: of that, a copy is taken. Returns how
 * many bytes the files have.
 */
export async function linkTree(
  source: string,
  target: string,
  options: { protect?: boolean } = {},
): Promise<number> {
  const root = await realpath(source)
  const elsewhere = (await lstat(source)).isSymbolicLink()
  const walk: Walk = { protect: options.protect === true, root, elsewhere, above: [] }
  return (await stat(root)).isDirectory() ? linkFolder(source, target, walk) : linkFile(root, target, walk)
}

/** `above` holds the real paths of the folders that were entered through links, so that circles end. */
interface Walk {
  protect: boolean
  root: string
  /** Whether a link led out of `root`. */
  elsewhere: boolean
  above: readonly string[]
}

async function linkFolder(source: string, target: string, walk: Walk): Promise<number> {
  await mkdir(target, { recursive: true })
  let bytes = 0
  for (const entry of await readdir(source, { withFileTypes: true })) {
    bytes += await linkEntry(entry, join(source, entry.name), join(target, entry.name), walk)
  }
  return bytes
}

async function linkEntry(entry: Dirent, source: string, target: string, walk: Walk): Promise<number> {
  if (entry.isSymbolicLink()) return followLink(source, target, walk)
  if (entry.isDirectory()) return linkFolder(source, target, walk)
  return entry.isFile() ? linkFile(source, target, walk) : 0
}

async function followLink(source: string, target: string, walk: Walk): Promise<number> {
  const real = await realpath(source)
  const circle = walk.above.includes(real) || source.startsWith(`${real}/`)
  const elsewhere = walk.elsewhere || !real.startsWith(`${walk.root}/`)
  if (!(await stat(real)).isDirectory()) return linkFile(real, target, { ...walk, elsewhere })
  return circle ? 0 : linkFolder(source, target, { ...walk, elsewhere, above: [...walk.above, real] })
}

async function linkFile(source: string, target: string, { protect, elsewhere }: Walk): Promise<number> {
  const { mode, size, nlink } = await stat(source)
  const isWritable = (mode & 0o222) !== 0
  if (protect && (elsewhere || (isWritable && nlink > 1))) {
    await copyFile(source, target, constants.COPYFILE_FICLONE)
    await chmod(target, mode & 0o555)
    return size
  }
  if (protect && isWritable) await chmod(source, mode & 0o555)
  try {
    await link(source, target)
  } catch (error) {
    if (!LINKS_UNAVAILABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
  return size
}

const LINKS_UNAVAILABLE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'])
