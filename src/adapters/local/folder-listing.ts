import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { UserError } from '#errors.ts'

/** A file of a folder, and what tells whether it was changed. */
export interface ListedFile {
  /** Relative to the folder, with forward slashes. */
  path: string
  /** Where its bytes are. */
  source: string
  /** Differs after any write: device, inode, size and times. */
  signature: string
}

/**
 * All files under `path` (or the one file that it is), in byte order of their paths. Links to files inside the folder
 * count as files. Throws UserError for a missing path, a link that leaves the folder, and anything but files.
 */
export async function listFiles(path: string): Promise<ListedFile[]> {
  const root = await realpath(path).catch(cause => {
    const hint = 'Give the path of a file or folder that is there.'
    throw new UserError('path-not-found', `there is nothing at ${path}`, {
      place: { file: path },
      hint,
      cause,
    })
  })
  const isFolder = (await stat(root)).isDirectory()
  const files = isFolder ? await listFolder(root, root) : [await listed(dirname(root), root)]
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

async function listFolder(root: string, folder: string): Promise<ListedFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    throw cause.code === 'EACCES' ? unreadable(folder) : cause
  })
  const nested = entries.map(async entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? listFolder(root, path) : [await listed(root, path)]
  })
  return (await Promise.all(nested)).flat()
}

async function listed(root: string, path: string): Promise<ListedFile> {
  if (hasControlCharacter(basename(path))) refuse(path, 'has a control character in its name')
  if (basename(path).includes('\ufffd')) refuse(path, 'has a name that is not UTF-8')
  const source = (await lstat(path)).isSymbolicLink() ? await insideTarget(root, path) : path
  const found = await stat(source, { bigint: true })
  if (!found.isFile()) refuse(path, 'is neither a file nor a folder')
  const { dev, ino, size, mtimeNs, ctimeNs } = found
  const signature = [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  return { path: relative(root, path).split(sep).join('/'), source, signature }
}

async function insideTarget(root: string, path: string): Promise<string> {
  const target = await realpath(path).catch(() => refuse(path, 'is a link to nothing'))
  if (!target.startsWith(root + sep)) refuse(path, 'is a link that leaves the folder')
  return target
}

/** Whoever runs Millwright isn't allowed to read it. */
export function unreadable(path: string): UserError {
  return new UserError('unreadable-file', `${path} can't be read: permission denied`, {
    place: { file: path },
    hint: 'Allow the user that runs Millwright to read it.',
  })
}

function refuse(path: string, what: string): never {
  throw new UserError('unusable-file', `${path} ${what}`, {
    place: { file: path },
    hint: 'Put plain files into the folder.',
  })
}

function hasControlCharacter(name: string): boolean {
  return [...name].some(character => character < ' ' || character === '\u007f')
}
