import { isSeq, type Node, Scalar, YAMLMap } from 'yaml'
import { UserError } from '#errors.ts'
import {
  absentEntry,
  type Entry,
  entriesOf,
  type Field,
  placeOf,
  presentValueAt,
  valueAt,
  wrongType,
} from './entry.ts'
import { nearest } from './nearest.ts'
import { shown } from './values.ts'

type Fields = Record<string, Field<unknown>>
type Values<F extends Fields> = { [K in keyof F]: ReturnType<F[K]> }

/** A map with no other keys than these. */
export function record<F extends Fields>(fields: F): Field<Values<F>> {
  const keys = Object.keys(fields)
  return entry => {
    const entries = entriesOf(entry)
    for (const [key, found] of entries) if (!keys.includes(key)) throw unknownKey(found, key, keys)
    const values = keys.map(key => [key, fields[key]!(entries.get(key) ?? absentEntry(entry, key))])
    return Object.fromEntries(values) as Values<F>
  }
}

/** A {@link record} that may be left out when all of its keys may be. */
export function section<F extends Fields>(fields: F): Field<Values<F>> {
  const read = record(fields)
  return entry => read(valueAt(entry) ? entry : { ...entry, node: new YAMLMap() })
}

/** A map whose keys the user chooses; `key` says what they may be. */
export function mapOf<T>(key: Field<string>, value: Field<T>): Field<Record<string, T>> {
  return entry => {
    const pairs = [...entriesOf(entry)].map(([word, found]) => {
      key({ ...found, node: new Scalar(word) })
      return [word, value(found)] as const
    })
    return Object.fromEntries(pairs)
  }
}

export function listOf<T>(item: Field<T>): Field<T[]> {
  return entry => {
    const list = presentValueAt(entry)
    if (!isSeq(list)) throw wrongType(entry, 'a list')
    return (list.items as (Node | null)[]).map((node, index) =>
      item({ ...entry, node, key: `${entry.key}[${index}]`, offset: node?.range?.[0] ?? entry.offset }),
    )
  }
}

export function optional<T, const D>(field: Field<T>, fallback: D): Field<T | D> {
  return entry => (valueAt(entry) ? field(entry) : fallback)
}

function unknownKey(entry: Entry, key: string, known: readonly string[]): UserError {
  const meant = nearest(key, known)
  const hint = meant ? `Did you mean \`${meant}\`?` : `The keys here are: ${known.join(', ')}.`
  return new UserError('unknown-key', `unknown key ${shown(key)}`, { place: placeOf(entry), hint })
}
