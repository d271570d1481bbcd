import { isScalar } from 'yaml'
import { type Field, invalidValue, presentValueAt, wrongType } from './entry.ts'
import { nearest } from './nearest.ts'

export const text: Field<string> = entry => {
  const node = presentValueAt(entry)
  if (!isScalar(node) || typeof node.value !== 'string') throw wrongType(entry, 'text')
  if (node.value.trim() === '')
    throw invalidValue(entry, 'must not be empty', 'invalid-value', 'Fill it in, or remove the key.')
  if (node.value.includes('\0')) throw invalidValue(entry, 'must not hold a NUL character')
  return node.value
}

/** Any single value, as it is written: `3.10` stays `3.10`. */
export const literal: Field<string> = entry => {
  const node = presentValueAt(entry)
  if (!isScalar(node)) throw wrongType(entry, 'a single value')
  return typeof node.value === 'string' ? text(entry) : (node.source ?? String(node.value))
}

export const flag: Field<boolean> = entry => {
  const node = presentValueAt(entry)
  if (!isScalar(node) || typeof node.value !== 'boolean') throw wrongType(entry, '`true` or `false`')
  return node.value
}

export const integer: Field<number> = entry => {
  const node = presentValueAt(entry)
  if (!isScalar(node) || !Number.isSafeInteger(node.value)) throw wrongType(entry, 'a whole number')
  return node.value as number
}

const UNITS: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, ...binaryUnits() }

/** A number of bytes: `500 MB`, `20 GiB`, or a whole number. */
export const byteSize: Field<number> = entry => {
  const value = literal(entry)
  const [, number = '', unit = 'B'] = /^(\d{1,15}(?:\.\d+)?)\s*([A-Za-z]+)?$/.exec(value) ?? []
  const factor = Object.entries(UNITS).find(([name]) => name.toLowerCase() === unit.toLowerCase())?.[1]
  const bytes = Math.floor(Number(number) * (factor ?? 0))
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  throw invalidValue(entry, `is ${shown(value)}, but must be a size such as \`20 GiB\` or \`500 MB\``)
}

function binaryUnits(): Record<string, number> {
  return { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }
}

export function choice<const T extends string>(choices: readonly T[]): Field<T> {
  return entry => {
    const value = text(entry)
    if ((choices as readonly string[]).includes(value)) return value as T
    const meant = nearest(value, choices)
    const problem = `is ${shown(value)}, but must be one of: ${choices.join(', ')}`
    throw invalidValue(entry, problem, 'invalid-value', meant && `Did you mean \`${meant}\`?`)
  }
}

/** Text of a form; `description` completes "must be …". */
export function matching(
  pattern: RegExp,
  description: string,
  code = 'invalid-value',
  hint?: string,
): Field<string> {
  return entry => {
    const value = text(entry)
    if (!pattern.test(value))
      throw invalidValue(entry, `is ${shown(value)}, but must be ${description}`, code, hint)
    return value
  }
}

/** What model types, environments and the like may be called. */
export const NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

export const NAME_DESCRIPTION =
  'made of at most 128 letters, digits, `.`, `_` and `-`, begin with a letter or digit and not hold `..`'

export const name = matching(NAME, NAME_DESCRIPTION, 'invalid-name', 'Give it another name.')

/** The name of an input or output of an ML pipeline. */
export const portName = matching(
  /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  'the name of a pipeline input or output: letters, digits and `_`, not beginning with a digit',
  'invalid-name',
)

export const datasetReference = matching(
  /^(?:azureml:)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?::[1-9][0-9]{0,8}|@latest)?$/,
  'a dataset: `azureml:name@latest` or `azureml:name:3`',
)

export const cronSchedule = matching(
  /^\s*(?:[0-9A-Za-z*,/-]+\s+){4}[0-9A-Za-z*,/-]+\s*$/,
  'five cron fields (minute, hour, day of month, month, day of week), e.g. "0 6 * * *"',
)

/** A user's text for a message: quoted, cut, without control characters. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
}
