export type ScalarType = 'string' | 'integer' | 'number' | 'boolean' | 'null'

/** A scalar as PyYAML's safe loader (YAML 1.1) sees it; `text` is what Python's `str()` makes of the value. */
export interface ScalarValue {
  type: ScalarType
  text: string
}

const BOOLEAN = /^(?:(yes|Yes|YES|true|True|TRUE|on|On|ON)|no|No|NO|false|False|FALSE|off|Off|OFF)$/
const NULL = /^(?:~|null|Null|NULL|)$/
const INTEGER =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const NUMBER =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?)?$/

/**
 * Resolves a plain (unquoted) scalar by the rules of PyYAML, which the Azure ML CLI reads its files with:
 * `1_000` is 1000, `off` is False, `1e-3` (no dot) is a string.
 */
export function resolvePlainScalar(source: string): ScalarValue {
  if (!/^[-+.0-9~yYnNtTfFoO]|^$/.test(source)) return { type: 'string', text: source }
  if (NULL.test(source)) return { type: 'null', text: 'None' }
  const boolean = BOOLEAN.exec(source)
  if (boolean) return { type: 'boolean', text: boolean[1] ? 'True' : 'False' }
  if (INTEGER.test(source)) return integer(source)
  if (NUMBER.test(source)) return { type: 'number', text: pythonFloat(parseNumber(source)) }
  return { type: 'string', text: timestamp(source) ?? source }
}

/** Python's `repr(float)`: the shortest digits that round-trip, an exponent below 1e-4 and from 1e16 on. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa, power] = value.toExponential().split('e') as [string, string]
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 16) return positional(mantissa, exponent)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function positional(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}

function integer(source: string): ScalarValue {
  const digits = source.replace(/[_+-]/g, '')
  if (!/[0-9a-f]$/i.test(digits) || /^0[bx]$/.test(digits)) return { type: 'string', text: source }
  const value = source.startsWith('-') ? -parseInteger(digits) : parseInteger(digits)
  return { type: 'integer', text: String(value) }
}

function parseInteger(digits: string): bigint {
  if (digits.includes(':')) return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
  if (/^0[0-7]/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return BigInt(digits)
}

function parseNumber(source: string): number {
  const digits = source.replace(/_/g, '').replace(/^[-+]/, '').toLowerCase()
  const sign = source.startsWith('-') ? -1 : 1
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY
  if (digits === '.nan') return Number.NaN
  return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

/** Python's `str()` of the date or datetime that PyYAML makes; undefined when it isn't one. */
function timestamp(source: string): string | undefined {
  const match = TIMESTAMP.exec(source)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, utc, sign, zoneHour, zoneMinute] = match
  const date = `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`
  if (hour === undefined) return source.length === 10 ? date : undefined
  const micro = fraction ? `.${fraction.slice(0, 6).padEnd(6, '0')}` : ''
  const offset = sign ? `${sign}${zoneHour!.padStart(2, '0')}:${zoneMinute ?? '00'}` : ''
  const zone = utc || offset === '-00:00' ? '+00:00' : offset
  return `${date} ${hour.padStart(2, '0')}:${minute}:${second}${/[1-9]/.test(micro) ? micro : ''}${zone}`
}
