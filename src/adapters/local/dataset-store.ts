import type { Kysely } from 'kysely'
import type { Database } from '#database/schema.ts'
import type { DatasetFile, DatasetOrigin, DatasetReference, DatasetVersion } from '#datasets/dataset.ts'
import { NotFoundError, UserError } from '#errors.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import { contentFolders } from './content-folders.ts'
import { enterVersion, toVersion, versionOfOutput } from './dataset-rows.ts'
import { datasetTables } from './dataset-tables.ts'

/**
 * Datasets in the folder `directory` (files, by content) and table `datasets` (names and versions). Versions count
 * from 1; the next is one more than the greatest. `scanScript` is `runtimes/table-scan/scan.js` of this package.
 */
export function localDatasetStore(options: {
  db: Kysely<Database>
  directory: string
  scanScript: string
}): DatasetStore {
  const { db, directory } = options
  const folders = contentFolders(directory)
  const tablesOf = datasetTables({ directory, script: options.scanScript })
  return { register, find, list, folder: dataset => folders.open(dataset.digest), tables }

  async function register(
    name: string,
    path: string,
    wish: { version?: number; origin?: DatasetOrigin } = {},
  ): Promise<DatasetVersion> {
    refuseHostileName(name)
    const earlier = wish.origin && (await versionOfOutput(db, wish.origin))
    if (earlier) return earlier
    const { digest, files } = await folders.add(path)
    refuseEmpty(path, files)
    const { tables: _, ...derived } = await tablesOf(digest, await folders.open(digest), files)
    if (derived.rows === 0) throw empty(path, 'has a header, but no rows')
    return db
      .transaction()
      .execute(transaction => enterVersion(transaction, { name, digest, files, ...derived }, wish))
  }

  async function find(reference: DatasetReference): Promise<DatasetVersion> {
    const rows = await db
      .selectFrom('datasets')
      .selectAll()
      .where('name', '=', reference.name)
      .orderBy('created_at', 'desc')
      .orderBy('version', 'desc')
      .execute()
    const row = reference.version === 'latest' ? rows[0] : rows.find(r => r.version === reference.version)
    if (row) return toVersion(row)
    throw await notFound(reference, rows.map(r => r.version).reverse())
  }

  async function list(): Promise<DatasetVersion[]> {
    const rows = await db.selectFrom('datasets').selectAll().orderBy('name').orderBy('version').execute()
    return rows.map(toVersion)
  }

  async function tables({ digest, files }: DatasetVersion): Promise<Record<string, string>> {
    return (await tablesOf(digest, await folders.open(digest), files)).tables
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
