import { closeSync, existsSync, opendirSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
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

function isEmpty(path: string): boolean {
  const folder = opendirSync(path)
  try {
    return folder.readSync() === null
  } finally {
    folder.closeSync()
  }
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
