import { stripVTControlCharacters } from 'node:util'

/** Control characters, and those that turn the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]/gu

/** The text without what could move the cursor, colour, retitle or reorder somebody's terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n?/g, '\n').replace(UNPRINTABLE, visible)
}

/** A copy of a JSON document in which every string, also of keys, is printable. */
export function printableDocument<T>(document: T): T {
  return clean(document) as T
}

function visible(character: string): string {
  const isLayout = character === '\n' || character === '\t'
  return isLayout ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.map(clean)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [printable(key), clean(entry)]))
}
