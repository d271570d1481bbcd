import { constants, type Dirent } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Gives `target` the contents of `source` (a file or a folder) by hard links, or by copies where the file system has
 * none. Symbolic links are followed. With `protect` the files become read-only, in both places.
 */
export async function linkTree(
  source: string,
  target: string,
  options: { protect?: boolean } = {},
): Promise<void> {
  const protect = options.protect === true
  if ((await stat(source)).isDirectory()) await linkFolder(source, target, { protect, above: [] })
  else await linkFile(await realpath(source), target, protect)
}

/** `above` holds the real paths of the folders that were entered through links, so that circles end. */
interface Walk {
  protect: boolean
  above: readonly string[]
}

async function linkFolder(source: string, target: string, walk: Walk): Promise<void> {
  await mkdir(target, { recursive: true })
  for (const entry of await readdir(source, { withFileTypes: true })) {
    await linkEntry(entry, join(source, entry.name), join(target, entry.name), walk)
  }
}

async function linkEntry(entry: Dirent, source: string, target: string, walk: Walk): Promise<void> {
  if (entry.isSymbolicLink()) return followLink(source, target, walk)
  if (entry.isDirectory()) return linkFolder(source, target, walk)
  if (entry.isFile()) return linkFile(source, target, walk.protect)
}

async function followLink(source: string, target: string, { protect, above }: Walk): Promise<void> {
  const real = await realpath(source)
  const circle = above.includes(real) || source.startsWith(`${real}/`)
  if (!(await stat(real)).isDirectory()) await linkFile(real, target, protect)
  else if (!circle) await linkFolder(source, target, { protect, above: [...above, real] })
}

async function linkFile(source: string, target: string, protect: boolean): Promise<void> {
  if (protect) await makeReadOnly(source)
  try {
    await link(source, target)
  } catch (error) {
    if (!LINKS_UNAVAILABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
}

const LINKS_UNAVAILABLE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'])

async function makeReadOnly(file: string): Promise<void> {
  const { mode } = await stat(file)
  if ((mode & 0o222) !== 0) await chmod(file, mode & 0o555)
}
