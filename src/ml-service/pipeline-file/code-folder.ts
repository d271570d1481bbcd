import { join } from 'node:path'
import { type Ignored, ignoreRules, NEVER_CODE } from '../executor/ignore-file.ts'
import type { Disk } from './library.ts'

/** Whether a step would get a file of the code folder: its root's `.amlignore` or `.gitignore` may name them all. */
export function hasCode(folder: string, disk: Disk): boolean {
  const rules = ['.amlignore', '.gitignore'].map(name => disk.read(join(folder, name)))
  return hasFile(folder, '', ignoreRules(rules.find(text => text !== undefined) ?? ''), disk)
}

/** Links may lead in a circle: what is deeper than this is taken for code. */
const DEPTH = 30

function hasFile(root: string, prefix: string, ignored: Ignored, disk: Disk): boolean {
  if (prefix.split('/').length > DEPTH) return true
  return disk.list(join(root, prefix)).some(name => {
    const path = prefix + name
    const isFolder = disk.isFolder(join(root, path))
    if (NEVER_CODE.test(name) || ignored(path, isFolder)) return false
    return isFolder ? hasFile(root, `${path}/`, ignored, disk) : disk.exists(join(root, path))
  })
}
