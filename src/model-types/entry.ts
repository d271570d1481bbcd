import { type Document, isAlias, isMap, isScalar, type LineCounter, type Node } from 'yaml'
import { type Place, UserError } from '#errors.ts'

/** One entry of a YAML file, with what is needed to say where it stands. */
export interface Entry {
  source: Source
  /** Null when the entry is absent or has no value. */
  node: Node | null
  /** Dotted path; empty for the whole file. */
  key: string
  /** Offset in the text that stands for the entry in messages: its key, or its parent's when it is absent. */
  offset: number
}

export interface Source {
  file: string
  document: Document
  lines: LineCounter
}

/** Reads one entry. Throws a UserError that names its place; an absent entry is a missing key. */
export type Field<T> = (entry: Entry) => T

/** File, line, column and key of an entry. */
export function placeOf(entry: Entry): Place {
  const { line, col } = entry.source.lines.linePos(entry.offset)
  const key = entry.key === '' ? {} : { key: entry.key }
  return { file: entry.source.file, line: Math.max(line, 1), column: Math.max(col, 1), ...key }
}

/** The entry's value, aliases followed; null when it is absent or empty. */
export function valueAt(entry: Entry): Node | null {
  const node = isAlias(entry.node) ? (entry.node.resolve(entry.source.document) ?? null) : entry.node
  return isScalar(node) && node.value === null ? null : node
}

/** The entry's value, or a `missing-key` error. */
export function presentValueAt(entry: Entry): Node {
  const node = valueAt(entry)
  if (node) return node
  const [own, ...parents] = entry.key.split('.').reverse()
  const under = parents.length === 0 ? '' : ` under \`${parents.reverse().join('.')}\``
  throw new UserError('missing-key', `\`${entry.key}\` is missing`, {
    place: placeOf(entry),
    hint: `Add \`${own}: …\`${under}.`,
  })
}

/** The entries of a map, by key. */
export function entriesOf(entry: Entry): Map<string, Entry> {
  const map = presentValueAt(entry)
  if (!isMap(map)) throw wrongType(entry, 'a map of `key: value` lines')
  const pairs = map.items.map(({ key, value }) => {
    const offset = (key as Node).range?.[0] ?? entry.offset
    const path = childKey(entry, String(key))
    return [String(key), { source: entry.source, node: value as Node | null, key: path, offset }] as const
  })
  return new Map(pairs)
}

/** The entry that a map doesn't have. */
export function absentEntry(parent: Entry, key: string): Entry {
  return { source: parent.source, node: null, key: childKey(parent, key), offset: parent.offset }
}

export function wrongType(entry: Entry, wanted: string): UserError {
  const message = `${subject(entry)} must be ${wanted}, but is ${kindOf(valueAt(entry))}`
  return new UserError('wrong-type', message, { place: placeOf(entry), hint: `Write ${wanted} here.` })
}

/** `problem` completes a sentence that begins with the entry's key. */
export function invalidValue(
  entry: Entry,
  problem: string,
  code = 'invalid-value',
  hint?: string,
): UserError {
  const options = hint === undefined ? {} : { hint }
  return new UserError(code, `${subject(entry)} ${problem}`, { place: placeOf(entry), ...options })
}

function childKey(parent: Entry, key: string): string {
  return parent.key === '' ? key : `${parent.key}.${key}`
}

function subject(entry: Entry): string {
  return entry.key === '' ? 'the file' : `\`${entry.key}\``
}

function kindOf(node: Node | null): string {
  if (isMap(node)) return 'a map'
  if (!isScalar(node)) return 'a list'
  if (typeof node.value === 'string') return 'text'
  return `${node.value}`
}
