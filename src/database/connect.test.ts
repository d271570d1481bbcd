import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { connectDatabase } from './connect.ts'
import type { Database } from './schema.ts'
import { isTransient } from './transient.ts'

let database: FreshDatabase
beforeEach(async () => {
  database = await freshDatabase({ empty: true })
})
afterEach(() => database.close())

test('a connection that breaks between two queries of a transaction fails the next one, and nothing else', async () => {
  const own = connectDatabase(database.url)
  const broken = own.db.transaction().execute(async transaction => {
    await terminated(await backendOf(transaction))
    await sql`select 1`.execute(transaction)
  })
  expect(await broken.catch(isTransient)).toBe(true)
  await sql`select 1`.execute(own.db)
  await own.close()
})

async function backendOf(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
  return rows[0]!.pid
}

/** Resolves when the backend is gone, and with it its last word has come to this process. */
async function terminated(backend: number): Promise<void> {
  const admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
  await admin.query('select pg_terminate_backend($1)', [backend])
  const alive = () => admin.query('select from pg_stat_activity where pid = $1', [backend])
  while ((await alive()).rowCount) {}
  await admin.end()
}
