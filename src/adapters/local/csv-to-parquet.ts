import { columnsOf } from './table-profile.ts'
import { QueryError, quoted, type TableScan } from './table-scan.ts'

/** How a CSV file has to be read; found by trying, the usual way first. */
interface Reading {
  delimiter: string | undefined
  encoding: 'utf-8' | 'latin-1'
  /** Column types are taken from all rows, not from the first 20,480. */
  everyRow: boolean
  /** Rows with too few fields are filled up, as pandas does. */
  filled: boolean
}

/** What pandas takes for a missing value. */
const MISSING = [
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>'],
  ...['N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]

/**
 * Writes a CSV or TSV file as Parquet. The first row is the header, unless it has numbers where the rows below have
 * them. Returns what was unusual about the file. Throws QueryError when it isn't a table.
 */
export async function csvToParquet(scan: TableScan, from: string, to: string): Promise<string[]> {
  const delimiter = /\.tsv$/i.test(from) ? '\t' : undefined
  let reading: Reading | undefined = { delimiter, encoding: 'utf-8', everyRow: false, filled: false }
  for (;;) {
    try {
      await convert(scan, from, to, reading)
      return remarks(reading)
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      const other = otherReading(reading, error.message)
      if (!other) throw new QueryError(firstLines(error.message))
      reading = other
    }
  }
}

async function convert(scan: TableScan, from: string, to: string, reading: Reading): Promise<void> {
  const rows = `read_csv(${quoted(from)}, ${options(reading)})`
  const columns = await columnsOf(scan, rows)
  if (columns.length === 1 && /[,;\t|]/.test(columns[0]!.name)) throw new QueryError(RAGGED)
  await scan.query(`copy (select * from ${rows}) to ${quoted(to)} (format parquet, compression snappy)`)
}

const RAGGED = 'rows have different numbers of fields'

function options({ delimiter, encoding, everyRow, filled }: Reading): string {
  return [
    'skip = 0',
    `nullstr = [${MISSING.map(quoted)}]`,
    ...(delimiter === undefined ? [] : [`delim = ${quoted(delimiter)}`]),
    ...(encoding === 'utf-8' ? [] : [`encoding = ${quoted(encoding)}`]),
    ...(everyRow ? ['sample_size = -1'] : []),
    ...(filled ? ['null_padding = true', 'parallel = false'] : []),
  ].join(', ')
}

/** What to try next, from what the engine says; undefined when nothing is left. */
function otherReading(reading: Reading, message: string): Reading | undefined {
  if (/not utf-8|invalid unicode/i.test(message))
    return reading.encoding === 'utf-8' ? { ...reading, encoding: 'latin-1' } : undefined
  if (!reading.everyRow && /convert/i.test(message)) return { ...reading, everyRow: true }
  if (!reading.filled) return { ...reading, everyRow: true, filled: true }
  return undefined
}

function remarks({ encoding, filled }: Reading): string[] {
  return [
    ...(encoding === 'utf-8' ? [] : ['not UTF-8, so read as Latin-1']),
    ...(filled ? [`${RAGGED}; those that lack some are filled up with missing values`] : []),
  ]
}

/** The engine appends advice about its own options; and the path, which is ours. */
function firstLines(message: string): string {
  const lines = message.split('\n').filter(line => line.trim() !== '')
  const wanted = lines.filter(
    line => !/^(Possible |Error when sniffing file|The search space|Original Line)/.test(line),
  )
  return (wanted[0] ?? lines[0] ?? message).slice(0, 300)
}
