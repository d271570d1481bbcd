import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ComponentVersion } from '#ports/component-registry.ts'

/** Folder of a tree that carries the registered components that its files refer to: `<name>/<version or @latest>/`. */
export const VENDORED = '.components'

/** What stands in a snapshot's `component.json`; the component's files lie beside it under `files/`. */
export type SnapshotIndex = Omit<ComponentVersion, 'createdAt' | 'files'>

export interface ComponentReference {
  name: string
  /** A version, or `@latest`. */
  selector: string
}

/** A component that a file of ours refers to. */
export interface FoundComponent extends ComponentReference {
  /** Folder of the snapshot. */
  folder: string
  /** Path of the component file. */
  file: string
}

const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,254}'
const VERSION = '[A-Za-z0-9][A-Za-z0-9._-]{0,29}'
const REFERENCE = new RegExp(`^(?:azureml:)?(${NAME})(?::(${VERSION})|@latest)?$`)

/** Parses `azureml:name[:version|@latest]`; undefined when it isn't one. */
export function parseComponentReference(text: string): ComponentReference | undefined {
  const match = REFERENCE.exec(text)
  return match ? { name: match[1]!, selector: match[2] ?? '@latest' } : undefined
}

/** Names of what is registered in `directory`. */
export function componentNames(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).filter(isComponentName).sort() : []
}

export function isComponentName(text: string): boolean {
  return new RegExp(`^${NAME}$`).test(text)
}

export function isComponentVersion(text: string): boolean {
  return new RegExp(`^${VERSION}$`).test(text)
}

/**
 * Finds what a file means by a reference: what its own tree carries (folder `.components` beside or above it), else
 * what the registry in `directory` has. `onFound` hears of everything that was found.
 */
export function componentLookup(
  directory: string,
  onFound: (found: FoundComponent, from: string) => void = () => {},
): (reference: string, from: string) => string | undefined {
  return (text, from) => {
    const reference = parseComponentReference(text)
    const folder = reference && (vendored(reference, dirname(from)) ?? registered(reference, directory))
    if (!reference || !folder) return undefined
    const file = join(folder, readIndex(folder).file)
    onFound({ ...reference, folder, file }, from)
    return file
  }
}

export function readIndex(folder: string): SnapshotIndex {
  return JSON.parse(readFileSync(join(folder, 'component.json'), 'utf8')) as SnapshotIndex
}

/** When a version was registered: milliseconds since 1970. */
export function createdAt(folder: string): number {
  return Number(readFileSync(join(folder, 'created'), 'utf8'))
}

/** Versions of a component, newest first. */
export function versionFolders(directory: string, name: string): string[] {
  const folder = join(directory, name)
  if (!existsSync(folder)) return []
  const folders = readdirSync(folder).map(version => join(folder, version))
  return folders.sort((a, b) => createdAt(b) - createdAt(a))
}

function registered({ name, selector }: ComponentReference, directory: string): string | undefined {
  if (selector === '@latest') return versionFolders(directory, name)[0]
  const folder = join(directory, name, selector)
  return existsSync(folder) ? folder : undefined
}

function vendored({ name, selector }: ComponentReference, start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, VENDORED, name, selector)
    if (existsSync(join(candidate, 'component.json'))) return candidate
    if (folder === dirname(folder)) return undefined
  }
}
