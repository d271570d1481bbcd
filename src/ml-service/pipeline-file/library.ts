import { dirname, isAbsolute, resolve } from 'node:path'
import type { Findings } from './findings.ts'
import { parseYaml } from './parse-yaml.ts'
import type { MappingTree, SourceFile, Spot } from './yaml-tree.ts'

/** More than any hand-written pipeline; a file of 1,000 steps has about 300,000 characters. */
export const MAX_FILE_LENGTH = 1024 * 1024

/** The files that a pipeline consists of, as seen through the caller's eyes. */
export interface Disk {
  /** Text of a file, or undefined when it can't be read. May stop after {@link MAX_FILE_LENGTH} + 1 characters. */
  read(absolutePath: string): string | undefined
  isFolder(absolutePath: string): boolean
  exists(absolutePath: string): boolean
  isEmptyFolder(absolutePath: string): boolean
  /** Names in a folder, to suggest one; none when they can't be told. */
  list(absolutePath: string): string[]
}

/** Reads each definition file once and remembers what was read. */
export interface Library {
  readonly disk: Disk
  readonly findings: Findings
  /** Absolute paths of the files that were read, in order. */
  readonly files: Set<string>
  /** The file as text, or undefined with an error at `from` when it is missing or too large. */
  text(path: string, from: Spot, rule: string, suggestion?: string): SourceFile | undefined
  /** The file as a mapping, or undefined; the errors stand in the file itself, or at `from` when it is missing. */
  mapping(path: string, from: Spot, rule: string, suggestion?: string): MappingTree | undefined
}

export function openLibrary(disk: Disk, findings: Findings): Library {
  const texts = new Map<string, SourceFile | undefined>()
  const mappings = new Map<string, MappingTree | undefined>()
  const files = new Set<string>()
  const library: Library = {
    disk: remembering(disk),
    findings,
    files,
    text(path, from, rule, suggestion) {
      if (!texts.has(path)) texts.set(path, sourceFile(path, disk))
      const file = texts.get(path)
      if (!file) findings.error(from, rule, missing(path, disk), suggestion)
      else if (file.text.length > MAX_FILE_LENGTH) findings.error(start(file), 'file-too-large', tooLarge())
      else files.add(path)
      return file && file.text.length <= MAX_FILE_LENGTH ? file : undefined
    },
    mapping(path, from, rule, suggestion) {
      const file = library.text(path, from, rule, suggestion)
      if (file && !mappings.has(path)) mappings.set(path, parseMapping(file, findings))
      return mappings.get(path)
    },
  }
  return library
}

/** A path as a definition file says it: relative to that file's folder. */
export function resolveIn(file: SourceFile, path: string): string {
  return isAbsolute(path) ? resolve(path) : resolve(dirname(file.path), path)
}

function sourceFile(path: string, disk: Disk): SourceFile | undefined {
  const text = disk.isFolder(path) ? undefined : disk.read(path)
  return text === undefined ? undefined : { path, text: text.replace(/^\uFEFF/, '') }
}

function parseMapping(file: SourceFile, findings: Findings): MappingTree | undefined {
  const tree = parseYaml(file, findings)
  if (!tree || tree.kind === 'mapping') return tree
  findings.error(
    start(file),
    'not-a-mapping',
    `the file must be a mapping of keys to values, not a ${tree.kind}`,
  )
  return undefined
}

function remembering(disk: Disk): Disk {
  return {
    read: path => disk.read(path),
    isFolder: memo(path => disk.isFolder(path)),
    exists: memo(path => disk.exists(path)),
    isEmptyFolder: memo(path => disk.isEmptyFolder(path)),
    list: memo(path => disk.list(path)),
  }
}

function memo<T>(ask: (path: string) => T): (path: string) => T {
  const answers = new Map<string, T>()
  return path => {
    if (!answers.has(path)) answers.set(path, ask(path))
    return answers.get(path)!
  }
}

function start(file: SourceFile): Spot {
  return { file, offset: 0, key: '' }
}

function missing(path: string, disk: Disk): string {
  if (disk.isFolder(path)) return `${path} is a folder, not a file`
  return disk.exists(path) ? `${path} can't be read` : `${path} does not exist`
}

function tooLarge(): string {
  return `the file is larger than ${MAX_FILE_LENGTH / 1024} KiB`
}
