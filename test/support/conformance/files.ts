import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Relative paths of the files below a folder, sorted; links to files count. */
export function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return paths.filter(path => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile()).sort()
}

/** Changes when a name, a type, a mode or a content below the folder changes. */
export function fingerprint(folder: string): string {
  const hash = createHash('sha256')
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const info = lstatSync(join(folder, path))
    hash.update(`${path}\0${info.mode}\0`)
    if (info.isFile()) hash.update(readFileSync(join(folder, path)))
    if (info.isSymbolicLink()) hash.update(readlinkSync(join(folder, path)))
  }
  return hash.digest('hex')
}

/** A text between slashes is a regular expression, any other must be found in the text. */
export function says(pattern: string, text: string): boolean {
  return isRegex(pattern) ? toRegex(pattern).test(text) : text.includes(pattern)
}

/** Like `says`, but a plain text must be equal, but for the end of the last line. */
export function is(pattern: string, text: string): boolean {
  return isRegex(pattern) ? toRegex(pattern).test(text) : pattern.trimEnd() === text.trimEnd()
}

function isRegex(pattern: string): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.trimEnd().endsWith('/')
}

function toRegex(pattern: string): RegExp {
  return new RegExp(pattern.trimEnd().slice(1, -1))
}
