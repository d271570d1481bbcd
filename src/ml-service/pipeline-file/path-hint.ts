import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Disk } from './library.ts'
import { nearest } from './suggest.ts'
import type { SourceFile } from './yaml-tree.ts'

/** `did you mean './train.yml'?`: the written path with its first missing part replaced by the nearest name there. */
export function pathHint(text: string, file: SourceFile, disk: Disk): string | undefined {
  const [, prefix = '', path = ''] = /^(file:(?:\/\/)?)?(.*)$/.exec(text) ?? []
  let folder = isAbsolute(path) ? '/' : dirname(file.path)
  const parts = path.split('/')
  for (const [index, part] of parts.entries()) {
    const next = resolve(folder, part === '' ? '.' : part)
    if (disk.exists(next)) folder = next
    else {
      const near = nearest(part, disk.list(folder))
      if (near === undefined) return undefined
      const meant = [...parts.slice(0, index), near, ...parts.slice(index + 1)]
      return disk.exists(join(folder, near)) ? `did you mean '${prefix}${meant.join('/')}'?` : undefined
    }
  }
  return undefined
}
