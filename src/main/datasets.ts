import type { Kysely } from 'kysely'
import { localDatasetStore } from '#adapters/local/dataset-store.ts'
import type { Database } from '#database/schema.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import { packageFolder } from './package-folder.ts'

/** The registered datasets of a home and its database. */
export function composeDatasets(db: Kysely<Database>, directory: string): DatasetStore {
  return localDatasetStore({ db, directory, scanScript: packageFolder('runtimes/table-scan/scan.js') })
}
