import { join } from 'node:path'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Database } from '#database/schema.ts'
import type { DatasetFile, DatasetReference, DatasetVersion } from '#datasets/dataset.ts'
import { NotFoundError, UserError } from '#errors.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import { contentFolders } from './content-folders.ts'
import { csvShape } from './csv-shape.ts'

/**
 * Datasets in the folder `directory` (files, by content) and table `datasets` (names and versions). Versions count
 * from 1 without gaps. A dataset of the same content as an earlier version is that version.
 */
export function localDatasetStore(options: { db: Kysely<Database>; directory: string }): DatasetStore {
  const { db } = options
  const folders = contentFolders(options.directory)
  return { register, find, list, folder: dataset => folders.open(dataset.digest) }

  async function register(name: string, path: string): Promise<DatasetVersion> {
    refuseHostileName(name)
    const { digest, files } = await folders.add(path)
    refuseEmpty(path, files)
    const { rows, columns } = await shapeOf(await folders.open(digest), files)
    if (rows === 0) throw empty(path, 'has a header, but no rows')
    return db.transaction().execute(async transaction => {
      await lockName(transaction, name)
      const content = { rows, columns: JSON.stringify(columns), files: JSON.stringify(files) }
      return (
        (await existing(transaction, name, digest)) ??
        toVersion(await insertNext(transaction, { name, digest, ...content }))
      )
    })
  }

  async function find(reference: DatasetReference): Promise<DatasetVersion> {
    const rows = await db
      .selectFrom('datasets')
      .selectAll()
      .where('name', '=', reference.name)
      .orderBy('version', 'desc')
      .execute()
    const row = reference.version === 'latest' ? rows[0] : rows.find(r => r.version === reference.version)
    if (row) return toVersion(row)
    throw await notFound(reference, rows.map(r => r.version).reverse())
  }

  async function list(): Promise<DatasetVersion[]> {
    return (await db.selectFrom('datasets').selectAll().orderBy('name').orderBy('version').execute()).map(
      toVersion,
    )
  }

  async function notFound(reference: DatasetReference, versions: number[]): Promise<NotFoundError> {
    if (versions.length > 0) {
      const message = `dataset ${reference.name} has no version ${reference.version}; it has ${versions.join(', ')}`
      return new NotFoundError('dataset-version-not-found', message, {
        hint: `See them: millwright dataset list`,
      })
    }
    const names = await db.selectFrom('datasets').select('name').distinct().orderBy('name').execute()
    const known = names.length > 0 ? `; there are ${names.map(row => row.name).join(', ')}` : ''
    return new NotFoundError('dataset-not-found', `there is no dataset ${reference.name}${known}`, {
      hint: `Register it: millwright dataset register ${reference.name} <path>`,
    })
  }
}

type Row = Selectable<Database['datasets']>

function refuseHostileName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return
  throw new UserError('invalid-name', `${JSON.stringify(name)} can't be the name of a dataset`, {
    hint: 'Use letters, digits, dots, hyphens and underscores, beginning with a letter or digit; at most 128.',
  })
}

function refuseEmpty(path: string, files: DatasetFile[]): void {
  if (files.length === 0) throw empty(path, 'has no files')
  if (files.every(file => file.bytes === 0)) throw empty(path, 'has no data')
}

function empty(path: string, what: string): UserError {
  return new UserError('empty-dataset', `${path} ${what}`, {
    place: { file: path },
    hint: 'Give the file or folder that holds the data.',
  })
}

/** Rows over all CSV and TSV files, columns of the first one. Null when there is none. */
async function shapeOf(
  folder: string,
  files: DatasetFile[],
): Promise<Pick<DatasetVersion, 'rows' | 'columns'>> {
  const tables = files.filter(file => /\.(csv|tsv)$/i.test(file.path) && file.bytes > 0)
  let rows = 0
  let columns: string[] | undefined
  for (const file of tables) {
    const shape = await csvShape(join(folder, file.path), /\.tsv$/i.test(file.path) ? '\t' : ',')
    rows += shape.rows
    columns ??= shape.columns
  }
  return columns ? { rows, columns } : { rows: null, columns: null }
}

async function lockName(db: Kysely<Database>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`dataset:${name}`}, 0))`.execute(db)
}

async function existing(
  db: Kysely<Database>,
  name: string,
  digest: string,
): Promise<DatasetVersion | undefined> {
  const query = db.selectFrom('datasets').selectAll().where('name', '=', name).where('digest', '=', digest)
  const row = await query.executeTakeFirst()
  return row && toVersion(row)
}

async function insertNext(
  db: Kysely<Database>,
  dataset: { name: string; digest: string; rows: number | null; columns: string; files: string },
): Promise<Row> {
  const version = sql<number>`(select coalesce(max(version), 0) + 1 from datasets where name = ${dataset.name})`
  return db
    .insertInto('datasets')
    .values({ ...dataset, version })
    .returningAll()
    .executeTakeFirstOrThrow()
}

function toVersion(row: Row): DatasetVersion {
  const { name, version, digest, rows, files } = row
  return {
    ...{ name, version, digest, rows, files },
    columns: row.columns as string[] | null,
    createdAt: row.created_at.toISOString(),
  }
}
