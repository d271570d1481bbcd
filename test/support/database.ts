import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { inject } from 'vitest'
import { connectDatabase } from '#database/connect.ts'
import type { Database } from '#database/schema.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the run's PostgreSQL; see global-services.ts. */
    postgresUrl: string
    /** Of the run's MLflow server, which may still be starting. */
    mlflowUri: string
  }
}

/** The migrated database that fresh ones are copied from. */
export const TEMPLATE = 'millwright_template'

export interface FreshDatabase {
  url: string
  db: Kysely<Database>
  /** Closes the connections and drops the database. */
  close(): Promise<void>
}

/** A new database on the run's PostgreSQL; migrated unless `empty`. Takes about 50 ms. */
export async function freshDatabase(options: { empty?: boolean } = {}): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const template = options.empty ? 'template1' : TEMPLATE
  await administer(`create database ${name} template ${template} strategy file_copy`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  const { db, close } = connectDatabase(url.href)
  return {
    url: url.href,
    db,
    async close() {
      await close()
      await administer(`drop database ${name} with (force)`)
    },
  }
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
