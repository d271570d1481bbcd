import { type Entry, type Field, invalidValue } from './entry.ts'
import type { SourceTree } from './model-type.ts'
import { nearest } from './nearest.ts'
import { literal, shown, text } from './values.ts'

/** Fields that name files and folders of the repository, relative to `folder`; their values are relative to the root. */
export interface PathFields {
  file: (fallback?: string) => Field<string>
  /** A file that needn't be there as long as nothing names it. */
  optionalFile: (fallback: string) => Field<string | null>
  folder: (fallback: string) => Field<string>
  /** A literal, a data reference, or a path: what begins with a dot, or has a slash and exists. */
  input: Field<string>
}

export function pathFields(tree: SourceTree, folder: string): PathFields {
  const base = { folder, files: new Set(tree.files), folders: foldersOf(tree.files) }
  return {
    file: fallback => entry => existing(entry, pathText(entry, fallback), base, base.files, 'file'),
    optionalFile: fallback => entry => {
      const path = `${folder}/${fallback}`
      if (entry.node === null) return base.files.has(path) ? path : null
      return existing(entry, text(entry), base, base.files, 'file')
    },
    folder: fallback => entry => existing(entry, pathText(entry, fallback), base, base.folders, 'folder'),
    input: entry => inputValue(entry, base),
  }
}

/** Stands in a tree that was unpacked from an artifact: sample data was left behind, so it isn't looked for. */
export const ARTIFACT_FILE = 'artifact.json'

/** Every folder that holds a file, at any depth. */
export function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set<string>()
  for (const file of files) {
    for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
      if (folders.has(file.slice(0, end))) break
      folders.add(file.slice(0, end))
    }
  }
  return folders
}

/** Resolves a relative path against a folder; undefined when it leaves the repository. An empty result is the root. */
export function resolvePath(folder: string, path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\\') || path.includes('\0')) return undefined
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '..' && part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

interface Base {
  folder: string
  files: Set<string>
  folders: Set<string>
}

function pathText(entry: Entry, fallback: string | undefined): string {
  return entry.node === null && fallback !== undefined ? fallback : text(entry)
}

function inputValue(entry: Entry, base: Base): string {
  const value = literal(entry)
  const isPath = /^\.\.?(\/|$)/.test(value)
  if (isPath && base.files.has(ARTIFACT_FILE)) return resolvePath(base.folder, value) ?? value
  if (isPath) return existing(entry, value, base, null, 'file or folder')
  const path = value.includes('/') ? resolvePath(base.folder, value) : undefined
  return path !== undefined && exists(path, base) ? path : value
}

function existing(entry: Entry, value: string, base: Base, among: Set<string> | null, kind: string): string {
  const path = resolvePath(base.folder, value)
  if (path === undefined) {
    const hint = 'Use a path inside the repository, relative to this file, with forward slashes.'
    throw invalidValue(
      entry,
      `is ${shown(value)}, which leaves the repository`,
      'path-outside-repository',
      hint,
    )
  }
  if (among ? among.has(path) : exists(path, base)) return path
  const problem = `names ${kind === 'file' ? 'a file' : `a ${kind}`} that doesn't exist: ${path}`
  throw invalidValue(entry, problem, 'file-not-found', suggestion(path, value, base))
}

function exists(path: string, base: Base): boolean {
  return base.files.has(path) || base.folders.has(path)
}

function suggestion(path: string, value: string, base: Base): string {
  const meant = nearest(path, [...base.files, ...base.folders])
  if (meant) return `Did you mean ${meant}?`
  return `Add ${path} to the repository (and commit it), or correct ${shown(value)}.`
}

/** The folder part of a path; empty at the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
