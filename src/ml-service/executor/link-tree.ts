import { constants, type Dirent } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Gives `target` the contents of `source` (a file or a folder) by hard links, or by copies where the file system has
 * none. Symbolic links are followed. With `protect` the files become read-only, in both places. Returns how many bytes
 * the files have.
 */
export async function linkTree(
  source: string,
  target: string,
  options: { protect?: boolean } = {},
): Promise<number> {
  const protect = options.protect === true
  if ((await stat(source)).isDirectory()) return linkFolder(source, target, { protect, above: [] })
  return linkFile(await realpath(source), target, protect)
}

/** `above` holds the real paths of the folders that were entered through links, so that circles end. */
interface Walk {
  protect: boolean
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
  return entry.isFile() ? linkFile(source, target, walk.protect) : 0
}

async function followLink(source: string, target: string, { protect, above }: Walk): Promise<number> {
  const real = await realpath(source)
  const circle = above.includes(real) || source.startsWith(`${real}/`)
  if (!(await stat(real)).isDirectory()) return linkFile(real, target, protect)
  return circle ? 0 : linkFolder(source, target, { protect, above: [...above, real] })
}

async function linkFile(source: string, target: string, protect: boolean): Promise<number> {
  const { mode, size } = await stat(source)
  if (protect && (mode & 0o222) !== 0) await chmod(source, mode & 0o555)
  try {
    await link(source, target)
  } catch (error) {
    if (!LINKS_UNAVAILABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
  return size
}

const LINKS_UNAVAILABLE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'])
