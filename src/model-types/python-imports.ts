import type { Inventory } from './references.ts'
import { folderOf } from './repository-paths.ts'

/**
 * The files of the repository that a Python file imports, as far as its text tells. A module is looked for beside the
 * file and in the folders above it, then anywhere in the same folder of `mlops/`, then anywhere in `mlops/shared/`:
 * tests and steps put such folders on Python's path by means that we can't see.
 */
export function importsIn(file: string, text: string, inventory: Inventory): string[] {
  const groups = searchGroups(file, inventory)
  const found = importedModules(text).flatMap(module => {
    if (module.dots > 0) return moduleFiles(above(folderOf(file), module.dots - 1), module.parts, inventory)
    const matches = groups.map(roots => roots.flatMap(root => moduleFiles(root, module.parts, inventory)))
    return matches.find(files => files.length > 0) ?? []
  })
  return [...new Set(found)]
}

interface Module {
  /** Leading dots of a relative import. */
  dots: number
  parts: string[]
}

const IMPORT = /^[ \t]*import[ \t]+([\w., \t]+)/gm
const FROM_IMPORT = /^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]*(?:\(([^)]{0,4000})\)|([^\n(]*))/gm

function importedModules(text: string): Module[] {
  const plain = [...text.matchAll(IMPORT)].flatMap(([, names]) => firstWords(names!).map(moduleName))
  const from = [...text.matchAll(FROM_IMPORT)].flatMap(([, module, inParentheses, names]) => {
    const { dots, parts } = moduleName(module!)
    return firstWords(inParentheses ?? names!).map(word => ({ dots, parts: [...parts, word] }))
  })
  return [...plain, ...from].filter(({ parts }) => parts.length > 0)
}

/** `a as b, c  # note` → `a`, `c` */
function firstWords(list: string): string[] {
  const words = list.replace(/#.*$/gm, '').split(',')
  return words.map(word => word.trim().split(/\s/)[0]!).filter(word => word !== '')
}

function moduleName(text: string): Module {
  const dots = /^\.*/.exec(text)![0].length
  return {
    dots,
    parts: text
      .slice(dots)
      .split('.')
      .filter(part => part !== ''),
  }
}

function searchGroups(file: string, { folders }: Inventory): string[][] {
  const parts = folderOf(file).split('/')
  const ancestors = parts.map((_, depth) => parts.slice(0, parts.length - depth).join('/'))
  const below = (root: string) => [...folders].filter(path => path === root || path.startsWith(`${root}/`))
  return [[...ancestors, ''], below(parts.slice(0, 2).join('/')), below('mlops/shared')]
}

/** The longest part of a dotted name that is a module below `root`, with the packages around it. */
function moduleFiles(root: string, parts: readonly string[], { files }: Inventory): string[] {
  const stems = parts.map((_, last) => [root, ...parts.slice(0, last + 1)].filter(Boolean).join('/'))
  const packages = stems.map(stem => `${stem}/__init__.py`).filter(path => files.has(path))
  const module = stems.map(stem => `${stem}.py`).findLast(path => files.has(path))
  return module === undefined ? packages : [...packages, module]
}

function above(folder: string, levels: number): string {
  return levels === 0 ? folder : above(folderOf(folder), levels - 1)
}
