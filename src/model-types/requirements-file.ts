import type { SourceTree } from './model-type.ts'
import { folderOf, resolvePath } from './repository-paths.ts'

/** The requirements in a pip requirements file and in those it includes; options and comments are left out. */
export function requirementLines(tree: SourceTree, file: string, seen = new Set<string>()): string[] {
  if (seen.has(file) || seen.size === MAX_FILES || !tree.files.includes(file)) return []
  seen.add(file)
  return logicalLines(tree.read(file)).flatMap(line => {
    if (!line.startsWith('-')) return [withoutOptions(line)]
    const path = resolvePath(folderOf(file), includedFile(line) ?? '/')
    return path === undefined ? [] : requirementLines(tree, path, seen)
  })
}

const MAX_FILES = 100

function logicalLines(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map(line => line.replace(/(^|\s)#.*$/, '').trim())
    .filter(line => line !== '')
}

/** `numpy==2.2.6 --hash=sha256:…` without its hashes. */
function withoutOptions(line: string): string {
  const words = line.split(/\s/).filter(word => word !== '' && !word.startsWith('--'))
  return words.join(' ')
}

/** The file that a line such as `-r ../shared/base.txt` includes. */
function includedFile(line: string): string | undefined {
  const [option, file] = line
    .replace('=', ' ')
    .split(/\s/)
    .filter(word => word !== '')
  return option === '-r' || option === '--requirement' ? file : undefined
}
