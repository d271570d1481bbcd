import { boundOf, type ColumnProfile, columnType } from '#datasets/profile.ts'
import { QueryError, quoted, type TableScan } from './table-scan.ts'

/** Columns per statement: tables of genes or pixels have tens of thousands. */
const AT_ONCE = 100

interface Column {
  name: string
  engineType: string
}

/** Rows and columns of Parquet files that have the same columns, by one scan. */
export async function profileTables(
  scan: TableScan,
  files: readonly string[],
): Promise<{ rows: number; columns: ColumnProfile[] }> {
  const table = `read_parquet([${files.map(quoted)}], union_by_name = true)`
  const columns = await columnsOf(scan, table)
  const rows = Number((await scan.query(`select count(*) as n from ${table}`))[0]!.n)
  const profiles: ColumnProfile[] = []
  for (let from = 0; from < columns.length; from += AT_ONCE) {
    profiles.push(...(await profileColumns(scan, table, columns.slice(from, from + AT_ONCE), rows)))
  }
  return { rows, columns: profiles }
}

/** Names and types of a table's columns. SQL can't say a name that has a NUL: such a file is no table. */
export async function columnsOf(scan: TableScan, table: string): Promise<Column[]> {
  const described = await scan.query(`describe select * from ${table}`)
  const columns = described.map(column => ({
    name: String(column.column_name),
    engineType: String(column.column_type),
  }))
  if (columns.some(({ name }) => name.includes('\0'))) throw new QueryError('its header holds binary data')
  return columns
}

async function profileColumns(
  scan: TableScan,
  table: string,
  columns: Column[],
  rows: number,
): Promise<ColumnProfile[]> {
  const [found] = await scan.query(`select ${columns.flatMap(aggregates)} from ${table}`)
  return columns.map(({ name, engineType }, i) => {
    const type = columnType(engineType)
    const text = (key: string) => (found![`${key}${i}`] ?? null) as string | null
    const missing = rows - Number(found![`present${i}`])
    const distinct = Math.min(Number(found![`distinct${i}`]), rows - missing)
    return { name, type, missing, min: boundOf(type, text('min')), max: boundOf(type, text('max')), distinct }
  })
}

function aggregates({ name, engineType }: Column, i: number): string[] {
  const column = `"${name.replaceAll('"', '""')}"`
  const present = /^(FLOAT|DOUBLE)$/.test(engineType) ? ` filter (where not isnan(${column}))` : ''
  const bound = (least: string) =>
    isOrdered(engineType) ? `left(${least}(${column})${present}::varchar, 100)` : 'null'
  return [
    `count(${column})${present} as present${i}`,
    `approx_count_distinct(${column})${present} as distinct${i}`,
    `${bound('min')} as min${i}`,
    `${bound('max')} as max${i}`,
  ]
}

/** Lists, structures and bytes have no range that says something. */
function isOrdered(engineType: string): boolean {
  return /^[a-z]+$/.test(columnType(engineType)) && !/^(BLOB|BIT|MAP|STRUCT)/.test(engineType)
}
