import type { DataType } from '../plan.ts'
import type { LiteralType, Port } from './definitions.ts'
import { didYouMeanOneOf } from './suggest.ts'

export const DATA_TYPES: readonly DataType[] = [
  'uri_file',
  'uri_folder',
  'mltable',
  'mlflow_model',
  'custom_model',
  'triton_model',
]
export const LITERAL_TYPES: readonly LiteralType[] = ['string', 'integer', 'number', 'boolean']

export function isDataType(type: string | undefined): type is DataType {
  return DATA_TYPES.includes(type as DataType)
}

export function isLiteralType(type: string | undefined): type is LiteralType {
  return LITERAL_TYPES.includes(type as LiteralType)
}

export interface LiteralFault {
  rule: 'wrong-type' | 'not-in-enum' | 'out-of-range'
  message: string
  suggestion?: string | undefined
}

/** What keeps a literal from being a value of the port, or undefined. Numbers are what Python's `int()`, `float()` take. */
export function literalFault(port: Port, text: string): LiteralFault | undefined {
  if (!hasType(port.type, text)) {
    return { rule: 'wrong-type', message: `'${port.name}' must be ${article(port.type)}, not '${text}'` }
  }
  return enumFault(port, text) ?? rangeFault(port, text)
}

/** The number that Python's `float()` reads; undefined when it reads none. */
export function parseFloatText(text: string): number | undefined {
  const trimmed = text.trim().replace(/(?<=\d)_(?=\d)/g, '')
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(trimmed)) return Number(trimmed)
  if (/^[-+]?(?:inf|infinity)$/i.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity
  return /^[-+]?nan$/i.test(trimmed) ? Number.NaN : undefined
}

function hasType(type: Port['type'], text: string): boolean {
  if (type === 'integer') return /^\s*[-+]?\d+(?:_\d+)*\s*$/.test(text)
  if (type === 'number') return parseFloatText(text) !== undefined
  if (type === 'boolean') return /^(?:true|false)$/i.test(text.trim())
  return true
}

function enumFault(port: Port, text: string): LiteralFault | undefined {
  if (!port.choices || port.choices.some(choice => sameValue(port, choice.text, text))) return undefined
  const choices = port.choices.map(choice => choice.text)
  const suggestion = didYouMeanOneOf(text, choices, 'allowed')
  return { rule: 'not-in-enum', message: `'${port.name}' does not allow '${text}'`, suggestion }
}

function sameValue(port: Port, a: string, b: string): boolean {
  const numeric = port.type === 'number' || port.type === 'integer'
  return a === b || (numeric && parseFloatText(a) === parseFloatText(b))
}

function rangeFault(port: Port, text: string): LiteralFault | undefined {
  if (port.type !== 'number' && port.type !== 'integer') return undefined
  const value = parseFloatText(text)!
  const { min = -Infinity, max = Infinity } = port
  if (value >= min && value <= max) return undefined
  const bound = value > max ? `at most ${max}` : `at least ${min}`
  return { rule: 'out-of-range', message: `'${port.name}' must be ${bound}, not ${text}` }
}

function article(type: Port['type']): string {
  if (type === 'boolean') return 'a boolean (true or false)'
  return type === 'integer' ? 'an integer' : `a ${type}`
}
