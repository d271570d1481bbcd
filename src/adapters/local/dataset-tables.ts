import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DatasetFile, DatasetVersion } from '#datasets/dataset.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import { csvToParquet } from './csv-to-parquet.ts'
import { columnsOf, profileTables } from './table-profile.ts'
import { QueryError, quoted, ScanGone, type TableScan, withTableScan } from './table-scan.ts'

/** What is derived from a dataset's files; `tables` maps a tabular file's path to its Parquet file. */
export interface DerivedTables extends Pick<DatasetVersion, 'rows' | 'columns' | 'profile' | 'profileNote'> {
  tables: Record<string, string>
}

/** Tables of more files are registered without a profile. */
const MOST_TABLES = 2000

const NONE = { rows: null, columns: null, profile: null, tables: {} }

/** One scan at a time in this process. */
const takeTurn = createSlots(1)

/**
 * The tables of stored datasets as Parquet, and their profiles: made once per content, in `<directory>/<digest>.tables`
 * beside the stored files. A file that can't be read as a table is no error: then `profileNote` says why.
 */
export function datasetTables(options: { directory: string; script: string }) {
  const { directory, script } = options
  return async (digest: string, folder: string, files: readonly DatasetFile[]): Promise<DerivedTables> => {
    const paths = files.filter(file => isTable(file.path) && file.bytes > 0).map(file => file.path)
    if (paths.length === 0) return { ...NONE, profileNote: 'no CSV, TSV or Parquet file' }
    if (paths.length > MOST_TABLES) return { ...NONE, profileNote: `more than ${MOST_TABLES} tables` }
    const derived = join(directory, `${digest.replace(/^sha256:/, '')}.tables`)
    const known = await recorded(derived)
    if (known) return absolute(known, folder, derived)
    const release = await takeTurn(new AbortController().signal)
    try {
      const meanwhile = await recorded(derived)
      return absolute(meanwhile ?? (await derive(script, { folder, derived, paths })), folder, derived)
    } finally {
      release()
    }
  }
}

function isTable(path: string): boolean {
  return /\.(csv|tsv|parquet)$/i.test(path)
}

interface Place {
  folder: string
  derived: string
  paths: string[]
}

async function recorded(derived: string): Promise<DerivedTables | undefined> {
  try {
    return JSON.parse(await readFile(join(derived, 'profile.json'), 'utf8')) as DerivedTables
  } catch {
    await rm(derived, { recursive: true, force: true }) // it isn't there, or a power failure cut it
    return undefined
  }
}

/** `tables` is stored relative to where the files lie: `files/…` are originals, everything else is derived. */
function absolute(stored: DerivedTables, folder: string, derived: string): DerivedTables {
  const place = (path: string) =>
    path.startsWith('files/') ? join(folder, path.slice('files/'.length)) : join(derived, path)
  const tables = Object.entries(stored.tables).map(([path, table]) => [path, place(table)])
  return { ...stored, tables: Object.fromEntries(tables) }
}

/** Made in a folder of its own and renamed, so that nobody finds half of it. A missing engine is tried again later. */
async function derive(script: string, { folder, derived, paths }: Place): Promise<DerivedTables> {
  const unfinished = join(dirname(derived), `.adding-${randomBytes(8).toString('hex')}`)
  await mkdir(unfinished, { recursive: true })
  try {
    const result = await withTableScan(script, [folder, unfinished], scan =>
      scanAll(scan, { folder, derived: unfinished, paths }),
    )
    await writeFile(join(unfinished, 'profile.json'), JSON.stringify(result))
    await rename(unfinished, derived).catch(error => {
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
    })
    return result
  } catch (error) {
    if (!(error instanceof QueryError || error instanceof ScanGone)) throw error
    return { ...NONE, profileNote: `no scan was possible: ${error.message}` }
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function scanAll(scan: TableScan, place: Place): Promise<DerivedTables> {
  const notes: string[] = []
  const tables: Record<string, string> = {}
  try {
    for (const path of place.paths) tables[path] = await tableOf(scan, place, path, notes)
    return await profileAll(scan, place, tables, notes)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const message = error.message.replaceAll(`${place.folder}/`, '')
    return { ...NONE, profileNote: message }
  }
}

async function tableOf(scan: TableScan, place: Place, path: string, notes: string[]): Promise<string> {
  if (/\.parquet$/i.test(path)) return `files/${path}`
  const table = `parquet/${path}.parquet`
  await mkdir(dirname(join(place.derived, table)), { recursive: true })
  try {
    const remarks = await csvToParquet(scan, join(place.folder, path), join(place.derived, table))
    notes.push(...remarks.map(remark => `${path}: ${remark}`))
  } catch (error) {
    throw error instanceof QueryError
      ? new QueryError(`${path} can't be read as a table: ${error.message}`)
      : error
  }
  return table
}

/** Files with the columns of the first one are profiled as one table; the rows of all are counted. */
async function profileAll(
  scan: TableScan,
  place: Place,
  tables: Record<string, string>,
  notes: string[],
): Promise<DerivedTables> {
  const located = Object.values(
    absolute({ ...NONE, tables, profileNote: null }, place.folder, place.derived).tables,
  )
  const names = await Promise.all(located.map(file => namesOf(scan, file)))
  const alike = located.filter((_, i) => names[i] === names[0])
  const { rows, columns } = await profileTables(scan, alike)
  const others = located.filter(file => !alike.includes(file))
  if (others.length > 0) notes.push(`the profile leaves out ${others.length} files with other columns`)
  return {
    rows: rows + (await rowsOf(scan, others)),
    columns: columns.map(column => column.name),
    profile: { columns },
    profileNote: notes.length > 0 ? notes.join('; ').slice(0, 2000) : null,
    tables,
  }
}

async function namesOf(scan: TableScan, file: string): Promise<string> {
  return JSON.stringify((await columnsOf(scan, `read_parquet(${quoted(file)})`)).map(column => column.name))
}

async function rowsOf(scan: TableScan, files: string[]): Promise<number> {
  let rows = 0
  for (const file of files) {
    rows += Number((await scan.query(`select count(*) as n from read_parquet(${quoted(file)})`))[0]!.n)
  }
  return rows
}
