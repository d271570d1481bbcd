import { createReadStream } from 'node:fs'

export interface CsvShape {
  /** Records below the header; blank lines don't count. */
  rows: number
  columns: string[]
}

const QUOTE = 0x22
const NEWLINE = 0x0a
const RETURN = 0x0d

/** Counts records and reads the header as RFC 4180 has it (quoted fields may hold delimiters and newlines), streaming. */
export async function csvShape(file: string, delimiter: ',' | '\t' = ','): Promise<CsvShape> {
  const counter = recordCounter(delimiter.charCodeAt(0))
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) counter.read(chunk as Buffer)
  const records = counter.end()
  return { rows: Math.max(0, records - 1), columns: fieldsOf(counter.header(), delimiter) }
}

/** Where the reader stands in a field. `closing`: after a quote inside a quoted field, which ends it or is doubled. */
type State = 'start' | 'plain' | 'quoted' | 'closing'

function recordCounter(separator: number) {
  const header: number[] = []
  let state: State = 'start'
  let filled = false
  let records = 0
  return { read, end, header: () => Buffer.from(header).toString('utf8') }

  function read(chunk: Buffer): void {
    for (const byte of chunk) {
      const ends = byte === NEWLINE && state !== 'quoted'
      if (ends) endRecord()
      else {
        if (records === 0) header.push(byte)
        if (byte !== RETURN) filled = true
        state = next(state, byte, separator)
      }
    }
  }

  function endRecord(): void {
    if (filled) records++
    else if (records === 0) header.length = 0
    filled = false
    state = 'start'
  }

  function end(): number {
    endRecord()
    return records
  }
}

function next(state: State, byte: number, separator: number): State {
  if (state === 'quoted') return byte === QUOTE ? 'closing' : 'quoted'
  if (byte === QUOTE && state !== 'plain') return 'quoted'
  return byte === separator ? 'start' : 'plain'
}

/** Splits the header with the same rules. */
function fieldsOf(header: string, delimiter: string): string[] {
  const fields: string[] = []
  let field = ''
  let state: State = 'start'
  for (const character of header.replace(/^\ufeff/, '').replace(/\r$/, '')) {
    const before: State = state
    state = next(state, character.codePointAt(0)!, delimiter.charCodeAt(0))
    if (character === delimiter && before !== 'quoted') {
      fields.push(field)
      field = ''
    } else if (character !== '"' || before === 'plain' || before === 'closing') field += character
  }
  return header === '' ? [] : [...fields, field]
}
