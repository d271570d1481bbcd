import type { Findings } from './findings.ts'
import { at, entry, type MappingTree, type Tree } from './yaml-tree.ts'

/** The entry as a mapping; undefined when missing or null, with an error when it is something else. */
export function mappingEntry(
  mapping: MappingTree,
  name: string,
  findings: Findings,
): MappingTree | undefined {
  const value = entry(mapping, name)
  if (!value || value.kind === 'mapping') return value
  return wrongType(value, 'a mapping of keys to values', findings)
}

/** The entry as text (numbers and booleans count as what Python's `str()` makes of them). */
export function textEntry(mapping: MappingTree, name: string, findings: Findings): string | undefined {
  const value = entry(mapping, name)
  if (!value) return undefined
  return value.kind === 'scalar' ? value.text : wrongType(value, 'text', findings)
}

export function booleanEntry(mapping: MappingTree, name: string, findings: Findings): boolean | undefined {
  const value = entry(mapping, name)
  if (!value) return undefined
  const text = value.kind === 'scalar' ? value.text.toLowerCase() : ''
  return text === 'true' ? true : text === 'false' ? false : wrongType(value, 'true or false', findings)
}

/** A whole number greater than zero. */
export function positiveIntegerEntry(
  mapping: MappingTree,
  name: string,
  findings: Findings,
): number | undefined {
  const value = entry(mapping, name)
  if (!value) return undefined
  const number = value.kind === 'scalar' && /^\d{1,12}$/.test(value.text) ? Number(value.text) : 0
  return number > 0 ? number : wrongType(value, 'a whole number greater than 0', findings)
}

/** Reports that the value should have been `expected`. */
export function wrongType(value: Tree, expected: string, findings: Findings): undefined {
  findings.error(at(value), 'wrong-type', `'${value.name}' must be ${expected}, not ${described(value)}`)
  return undefined
}

/** How a value is named in messages. */
export function described(value: Tree): string {
  if (value.kind !== 'scalar') return `a ${value.kind}`
  if (value.type === 'null') return 'empty'
  const shown = value.source.length > 60 ? `${value.source.slice(0, 60)}…` : value.source
  return `the ${value.type === 'string' ? 'text' : value.type} '${shown}'`
}
