import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { NotFoundError } from '#errors.ts'
import type { SourceTree } from '#model-types/model-type.ts'

const SKIPPED = new Set([
  '.git',
  'node_modules',
  '.venv',
  '__pycache__',
  '.pytest_cache',
  '.ruff_cache',
  '.ipynb_checkpoints',
])

/**
 * A folder as a source tree. The list of files is taken once; texts are read when asked for, at most their first
 * megabyte. Symbolic links are neither listed nor followed; folders that tools make (.git, .venv, …) are left out.
 */
export function folderTree(root: string): SourceTree {
  const files = filesUnder(root, '').sort()
  const known = new Set(files)
  return {
    files,
    read(path) {
      if (!known.has(path))
        throw new NotFoundError('file-not-found', `there is no file ${path}`, { place: { file: path } })
      return readText(join(root, path))
    },
  }
}

const MAX_BYTES = 1024 * 1024

function filesUnder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesUnder(root, path)
    return entry.isFile() ? [path] : []
  })
}

function readText(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const buffer = Buffer.alloc(Math.min(fstatSync(descriptor).size, MAX_BYTES))
    const length = readSync(descriptor, buffer, 0, buffer.length, 0)
    return buffer.subarray(0, length).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}
