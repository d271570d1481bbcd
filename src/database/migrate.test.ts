import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { connectDatabase } from './connect.ts'
import { migrateDatabase } from './migrate.ts'

let database: FreshDatabase
beforeEach(async () => {
  database = await freshDatabase({ empty: true })
})
afterEach(() => database.close())

test('two processes may migrate at once, and once more', async () => {
  const other = connectDatabase(database.url)
  await Promise.all([migrateDatabase(database.db), migrateDatabase(other.db)])
  await migrateDatabase(other.db)
  expect(await other.db.selectFrom('runs').select('build_id').execute()).toEqual([])
  await other.close()
})

test('a database that is newer than the code is refused in words', async () => {
  await migrateDatabase(database.db)
  await sql`insert into migrations (name, timestamp) values ('0999-future', now())`.execute(database.db)
  await expect(migrateDatabase(database.db)).rejects.toThrow(/newer than this Millwright: it has 0999-future/)
})

test('a migration that fails leaves nothing behind', async () => {
  const broken = {
    '0001-broken': {
      up: async (db: typeof database.db) => {
        await sql`create table half (id integer)`.execute(db)
        await sql`select 1 / 0`.execute(db)
      },
    },
  }
  await expect(migrateDatabase(database.db, broken)).rejects.toThrow('division by zero')
  await migrateDatabase(database.db)
  const { rows } = await sql`select 1 from pg_class where relname = 'half'`.execute(database.db)
  expect(rows).toEqual([])
})

test('promotions are append-only', async () => {
  await migrateDatabase(database.db)
  const { db } = database
  await db
    .insertInto('model_versions')
    .values({ model: 'm', version: 1, digest: 'sha256:0', job: 'j', properties: '{}' })
    .execute()
  const promotion = {
    model: 'm',
    environment: 'dev',
    version: 1,
    revision: 1,
    by: 'x',
    reason: 'y',
    evidence: '{}',
  }
  await db.insertInto('promotions').values(promotion).execute()
  await expect(db.deleteFrom('promotions').execute()).rejects.toThrow('append-only')
  await expect(db.updateTable('promotions').set({ reason: 'z' }).execute()).rejects.toThrow('append-only')
  await expect(sql`truncate promotions`.execute(db)).rejects.toThrow('append-only')
})

test('sizes are numbers and build ids count up', async () => {
  await migrateDatabase(database.db)
  const run = (id: string) => ({
    ...{ id, key: id, pipeline: 'ci' as const, repository: 'r', model_type: 'm', trigger: 'merge' },
    ...{ commit: 'c', branch: 'main', input: '{}', status: 'queued' as const },
  })
  await database.db
    .insertInto('runs')
    .values([run('a'), run('b')])
    .execute()
  await expect(database.db.insertInto('runs').values(run('a')).execute()).rejects.toThrow('duplicate key')
  const artifact = { digest: 'd', run: 'a', model_type: 'm', commit: 'c', bytes: 5e9, manifest: '{}' }
  await database.db.insertInto('artifacts').values(artifact).execute()
  const stored = await database.db.selectFrom('artifacts').selectAll().executeTakeFirstOrThrow()
  expect(stored).toMatchObject({ bytes: 5e9, manifest: {} })
  const builds = await database.db.selectFrom('runs').select('build_id').orderBy('id').execute()
  expect(builds).toEqual([{ build_id: 1 }, { build_id: 2 }])
})
