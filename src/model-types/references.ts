import { isScalar, parseDocument, visit } from 'yaml'
import { importsIn } from './python-imports.ts'
import { folderOf, resolvePath } from './repository-paths.ts'
import { nestsTooDeeply } from './yaml-nesting.ts'

/** A file or folder that another file names. */
export interface Reference {
  /** Relative to the repository root. */
  path: string
  /** How it is named: the key of a pipeline file, `requirements`, `import` or `path`. */
  as: string
}

/** What a tree has, for looking names up. */
export interface Inventory {
  files: ReadonlySet<string>
  folders: ReadonlySet<string>
}

/**
 * The files and folders that a file of the repository names, as far as its text tells: components, code folders and
 * environments of ML pipelines, Python imports, included requirements, and whatever else is written as a relative
 * path (relative to the file, or to the model type's folder, where its commands run).
 */
export function referencesIn(file: string, text: string, inventory: Inventory): Reference[] {
  const home = folderOf(file)
  const commands = home.split('/').slice(0, 2).join('/')
  const named = [
    ...namedIn(file, text).map(({ path, as }) => ({ path: resolvePath(home, path), as })),
    ...relativePaths(text).flatMap(path =>
      [home, commands].map(base => ({ path: resolvePath(base, path), as: 'path' })),
    ),
  ]
  const imported = file.endsWith('.py') ? importsIn(file, text, inventory) : []
  const there = named.filter(({ path }) => path !== undefined && isThere(path, inventory)) as Reference[]
  return [...there, ...imported.map(path => ({ path, as: 'import' }))]
}

/** Whether a file of this name is text that may name others. */
export function mayRefer(file: string): boolean {
  return /\.(ya?ml|py|toml|cfg|ini|txt|in|sh)$|(^|\/)(Makefile|Containerfile|Dockerfile)$/.test(file)
}

function namedIn(file: string, text: string): Reference[] {
  if (/\.ya?ml$/.test(file)) return keyedPaths(text)
  return /\.(txt|in)$/.test(file) ? includedRequirements(text) : []
}

const PATH_KEYS = new Set([
  'component',
  'code',
  'conda_file',
  'environment',
  'path',
  'dockerfile_path',
  'score',
])

function keyedPaths(text: string): Reference[] {
  if (nestsTooDeeply(text)) return []
  const found: Reference[] = []
  visit(parseDocument(text, { prettyErrors: false, logLevel: 'silent' }), {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'string') return
      const as = String(key.value)
      if (PATH_KEYS.has(as)) found.push({ path: value.value.replace(/^file:/, ''), as })
    },
  })
  return found
}

function includedRequirements(text: string): Reference[] {
  const lines = text.matchAll(
    /^[ \t]*(?:-r|-c|-e|--requirement|--constraint|--editable)[ \t=]*([^\s#;[=]+)/gm,
  )
  return [...lines].map(([, path]) => ({ path: path!, as: 'requirements' }))
}

function relativePaths(text: string): string[] {
  const words = text.matchAll(/(?<![\w./-])\.\.?\/[\w./-]*\w/g)
  return [...new Set([...words].map(([path]) => path))]
}

function isThere(path: string, { files, folders }: Inventory): boolean {
  return path !== '' && (files.has(path) || folders.has(path))
}
