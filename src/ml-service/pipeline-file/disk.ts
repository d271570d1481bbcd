import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { NEVER_COPIED } from '../executor/code-snapshot.ts'
import { type Ignored, ignoreRules } from '../executor/ignore-file.ts'
import { type Disk, MAX_FILE_LENGTH } from './library.ts'

/** The files of this machine; what can't be read isn't there. */
export const localDisk: Disk = {
  read: path => attempt(() => readStart(path)),
  isFolder: path => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  exists: path => existsSync(path),
  isEmptyFolder: path => attempt(() => isEmpty(path)) ?? false,
  list: path => attempt(() => readdirSync(path)) ?? [],
}

/** At most four bytes a character: enough to see that a file is too large without reading all of it. */
function readStart(path: string): string | undefined {
  const descriptor = openSync(path, 'r')
  try {
    const size = Math.min(statSync(path).size, 4 * (MAX_FILE_LENGTH + 1))
    const buffer = Buffer.alloc(size)
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, size, 0))
  } finally {
    closeSync(descriptor)
  }
}

/** Nothing is left for a step's code: what version control, Python and the folder's ignore file leave out is not there. */
function isEmpty(root: string): boolean {
  const read = (name: string) => attempt(() => readFileSync(join(root, name), 'utf8'))
  return !hasFile(root, '', ignoreRules(read('.amlignore') ?? read('.gitignore') ?? ''))
}

function hasFile(root: string, prefix: string, ignored: Ignored, above: string[] = []): boolean {
  const real = realpathSync(join(root, prefix))
  if (above.includes(real)) return false
  return readdirSync(join(root, prefix)).some(name => {
    const path = prefix + name
    const info = statSync(join(root, path), { throwIfNoEntry: false })
    if (!info || NEVER_COPIED.test(name) || ignored(path, info.isDirectory())) return false
    return info.isFile() || (info.isDirectory() && hasFile(root, `${path}/`, ignored, [...above, real]))
  })
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
