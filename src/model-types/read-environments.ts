import { isMap, isScalar } from 'yaml'
import { type Place, UserError } from '#errors.ts'
import { condaRequirements } from './conda-file.ts'
import { type Entry, entriesOf, type Field, invalidValue, placeOf, valueAt } from './entry.ts'
import { listOf, mapOf, optional, record } from './fields.ts'
import type { EnvironmentEntry } from './model-type.ts'
import { readPipLine, splitPipLines } from './pip-line.ts'
import { isPythonRange } from './python-range.ts'
import { folderOf, resolvePath } from './repository-paths.ts'
import { openSettingsFile } from './settings-file.ts'
import { literal, matching, shown, text } from './values.ts'

/** The files that a map of environments may name, by paths relative to one root. */
export interface NamedFiles {
  files: { includes(path: string): boolean }
  read(path: string): string
  /** What stands before paths in messages. */
  root?: string
}

/**
 * Reads a file whose `environments:` maps environment references to Python requirements; its other keys are not
 * looked at. `path` is the file's among `files`. Throws UserError with its place.
 */
export function readEnvironmentsFile(files: NamedFiles, path: string): Record<string, EnvironmentEntry> {
  const file = openSettingsFile(shownPath(files, path), files.read(path))
  const found = isMap(valueAt(file)) ? entriesOf(file).get('environments') : undefined
  if (found) return environmentsField(files, folderOf(path))(found)
  throw invalidValue(file, 'has no key `environments`', 'missing-key', EXAMPLE)
}

const EXAMPLE =
  'write `environments: { "azureml:name@latest": { python: "3.10", requirements: [numpy==1.26.4] } }`'

/** The map below the key `environments`; paths in it are relative to `folder`. */
export function environmentsField(
  files: NamedFiles,
  folder: string,
): Field<Record<string, EnvironmentEntry>> {
  const fields = record({
    python: optional(pythonRange, undefined),
    preferred: optional(preferredMinor, undefined),
    requirements: optional(requirements(files, folder), undefined),
    conda_file: optional(condaFile(files, folder), undefined),
    variables: optional(mapOf(variableName, text), undefined),
  })
  return mapOf(text, entry => environment(entry, fields(entry)))
}

type Fields = {
  python: string | undefined
  preferred: string | undefined
  requirements: string[] | undefined
  conda_file: EnvironmentEntry | undefined
  variables: Record<string, string> | undefined
}

function environment(
  entry: Entry,
  { python, preferred, requirements, conda_file: conda, variables }: Fields,
) {
  if ((requirements === undefined) === (conda === undefined)) {
    const key = `${entry.key}.requirements`
    const problem = conda ? 'has both `requirements` and `conda_file`' : 'has no `requirements`'
    const hint =
      'Give a list, the path of a requirements file, or `conda_file` with the path of a conda file.'
    const place = conda ? placeOf(entry) : { ...placeOf(entry), key }
    throw new UserError(conda ? 'invalid-value' : 'missing-key', `\`${entry.key}\` ${problem}`, {
      place,
      hint,
    })
  }
  return {
    ...(conda ?? { requirements: requirements ?? [] }),
    ...(python === undefined ? {} : { python }),
    ...(preferred === undefined ? {} : { preferred }),
    ...(variables === undefined ? {} : { variables }),
  }
}

const pythonRange: Field<string> = entry => {
  const version = literal(entry)
  if (isPythonRange(version)) return version
  throw invalidValue(
    entry,
    `is ${shown(version)}, but must be a Python version such as "3.11" or ">=3.10,<3.14"`,
  )
}

const preferredMinor: Field<string> = entry => {
  const minor = literal(entry)
  if (/^3\.\d+$/.test(minor)) return minor
  throw invalidValue(entry, `is ${shown(minor)}, but must be a Python minor version such as "3.10"`)
}

const variableName = matching(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'the name of an environment variable',
  'invalid-name',
)

const path = matching(/^[^\0\\]+$/, 'a path with forward slashes')

function requirements(files: NamedFiles, folder: string): Field<string[]> {
  const list = listOf(text)
  return entry => {
    const reader = pipReader(entry, files)
    return isScalar(valueAt(entry))
      ? reader.file(existing(entry, path(entry), files, folder))
      : list(entry).flatMap(line => reader.line(line, placeOf(entry), folder))
  }
}

function condaFile(files: NamedFiles, folder: string): Field<EnvironmentEntry> {
  return entry => {
    const file = existing(entry, path(entry), files, folder)
    const reader = pipReader(entry, files)
    const line = (text: string, place: Place) => reader.line(text, place, folderOf(file))
    return condaRequirements(openSettingsFile(shownPath(files, file), files.read(file)), line)
  }
}

/** Reads requirement lines with the files that they include, each file once. */
function pipReader(entry: Entry, files: NamedFiles) {
  const seen = new Set<string>()
  function file(path: string): string[] {
    if (seen.has(path)) return []
    seen.add(path)
    return splitPipLines(files.read(path)).flatMap(({ line: text, number }) =>
      line(text, { file: shownPath(files, path), line: number }, folderOf(path)),
    )
  }
  function line(text: string, place: Place, folder: string): string[] {
    const read = readPipLine(text)
    if (!read) return []
    if (read.kind === 'line') return [read.line]
    if (read.kind === 'include') return file(existing(entry, read.path, files, folder))
    throw new UserError('local-requirement', read.message, { place, hint: read.hint })
  }
  return { file, line }
}

function shownPath({ root = '' }: NamedFiles, path: string): string {
  return `${root}${path}`
}

function existing(entry: Entry, named: string, files: NamedFiles, folder: string): string {
  const path = resolvePath(folder, named)
  if (path !== undefined && files.files.includes(path)) return path
  const hint = 'Paths are relative to the file that names them, with forward slashes.'
  const missing = path === undefined ? named : shownPath(files, path)
  throw invalidValue(entry, `names a file that doesn't exist: ${missing}`, 'file-not-found', hint)
}
