import { UserError } from '#errors.ts'

/** n scored rows. Labels are kept as text in a canonical form, so that `1` and `1.0` are the same class. */
export interface Predictions {
  target: string[]
  prediction: string[]
  /** Probability of the positive class (the larger label), when the file has a `probability` column. */
  probability: number[] | null
}

/**
 * Reads a predictions file: CSV with a header, the columns `target` (or as named), `prediction` and optionally
 * `probability`. Throws UserError that names the file, line and column of the first bad cell; an empty file is one.
 */
export function parsePredictions(text: string, options: { file: string; target: string }): Predictions {
  const [header = [], ...rows] = parseCsv(text, options.file)
  const column = (name: string) => {
    const index = header.indexOf(name)
    if (index >= 0) return index
    throw invalid(options.file, 1, `there is no column '${name}'`, `the columns are: ${header.join(', ')}`)
  }
  const [target, prediction] = [column(options.target), column('prediction')]
  const probability = header.indexOf('probability')
  if (rows.length === 0) throw invalid(options.file, 1, 'there are no rows', 'check the score component')
  const cell = (row: string[], index: number, line: number) => {
    const value = row[index]?.trim()
    if (value && !/^[+-]?nan$/i.test(value)) return value
    const message = `column '${header[index]}' is ${value ? value : 'empty'}`
    throw invalid(options.file, line, message, 'every row needs a value')
  }
  return {
    target: rows.map((row, i) => canonical(cell(row, target, i + 2))),
    prediction: rows.map((row, i) => canonical(cell(row, prediction, i + 2))),
    probability: probability < 0 ? null : rows.map((row, i) => Number(cell(row, probability, i + 2))),
  }
}

/**
 * RFC 4180: quoted cells may hold commas, doubled quotes and line breaks. Blank lines are left out. Throws UserError
 * where a quote stands alone: what such a cell means can only be guessed.
 */
export function parseCsv(text: string, file = ''): string[][] {
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y
  cell.lastIndex = text.startsWith('\ufeff') ? 1 : 0
  const rows: string[][] = []
  for (let row: string[] = [], end = ','; end !== ''; ) {
    const at = cell.lastIndex
    const match = cell.exec(text)
    if (!match) throw malformed(file, text, at)
    row.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'))
    end = match[3] ?? ''
    if (end === ',') continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return rows
}

/** Numbers beyond 2^53 stay text: different ones would become equal. */
function canonical(label: string): string {
  const number = Number(label)
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? String(number) : label
}

function malformed(file: string, text: string, at: number): UserError {
  const line = text.slice(0, at).split('\n').length
  return invalid(
    file,
    line,
    'this is not CSV: a quote or line end stands alone',
    'quote cells as RFC 4180 says',
  )
}

function invalid(file: string, line: number, message: string, hint: string): UserError {
  return new UserError('invalid-predictions', message, { place: { file, line }, hint })
}
