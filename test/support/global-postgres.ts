import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { createDatabaseIfMissing, startPostgres } from '#adapters/local/postgres.ts'
import { connectDatabase } from '#database/connect.ts'
import { migrateDatabase } from '#database/migrate.ts'
import { TEMPLATE } from './database.ts'

/** For vitest's `globalSetup`: one PostgreSQL for the whole run, with a migrated database to copy. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'millwright-test-'))
  const postgres = await startPostgres({ home, log: () => {} })
  const { db, close } = connectDatabase(await createDatabaseIfMissing(postgres.url, TEMPLATE))
  await migrateDatabase(db)
  await close()
  project.provide('postgresUrl', postgres.url)
  return async () => {
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
}
