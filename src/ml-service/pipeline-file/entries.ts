import type { Late } from './definitions.ts'
import { wholeExpression } from './expressions.ts'
import type { Findings } from './findings.ts'
import { parseFloatText } from './literals.ts'
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

/** A whole number greater than zero, or the expression that makes one. */
export function lateIntegerEntry(
  mapping: MappingTree,
  name: string,
  findings: Findings,
): Late<number> | undefined {
  const value = entry(mapping, name)
  const late = value?.kind === 'scalar' && wholeExpression(value.text) !== undefined
  return late ? value : integerEntry(mapping, name, 1, findings)
}

/** A whole number that is at least `least`. */
export function integerEntry(
  mapping: MappingTree,
  name: string,
  least: number,
  findings: Findings,
): number | undefined {
  const value = entry(mapping, name)
  if (!value) return undefined
  const number = value.kind === 'scalar' && /^\d{1,12}$/.test(value.text) ? Number(value.text) : -1
  const expected = least === 0 ? 'a whole number, 0 or greater' : `a whole number greater than ${least - 1}`
  return number >= least ? number : wrongType(value, expected, findings)
}

/** A finite number. */
export function numberEntry(mapping: MappingTree, name: string, findings: Findings): number | undefined {
  const value = entry(mapping, name)
  if (!value) return undefined
  const number = value.kind === 'scalar' ? parseFloatText(value.text) : undefined
  return Number.isFinite(number) ? number : wrongType(value, 'a number', findings)
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
