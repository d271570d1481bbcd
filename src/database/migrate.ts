import { type Kysely, type Migration, Migrator, sql } from 'kysely'
import { UserError } from '#errors.ts'
import { SCHEMA } from './connect.ts'
import { first } from './migrations/0001-first.ts'
import { data } from './migrations/0002-data.ts'
import { mlJobs } from './migrations/0003-ml-jobs.ts'
import type { Database } from './schema.ts'

/** In order; a name never changes once it is released. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-first': first,
  '0002-data': data,
  '0003-ml-jobs': mlJobs,
}

/** Any number; all processes that migrate take the same advisory lock. */
const LOCK = 7_236_451

/**
 * Brings the tables up to date. Safe when several processes do it at once: one works, the others wait and find it done.
 * Throws UserError when the database was migrated by a newer Millwright.
 */
export async function migrateDatabase(
  db: Kysely<Database>,
  migrations: Record<string, Migration> = MIGRATIONS,
): Promise<void> {
  await db.connection().execute(async connection => {
    await sql`select pg_advisory_lock(${LOCK})`.execute(connection)
    try {
      await refuseNewer(connection, Object.keys(migrations))
      await migrateToLatest(connection, migrations)
    } finally {
      await sql`select pg_advisory_unlock(${LOCK})`.execute(connection).catch(() => {})
    }
  })
}

async function migrateToLatest(db: Kysely<Database>, migrations: Record<string, Migration>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableSchema: SCHEMA,
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}

async function refuseNewer(db: Kysely<Database>, known: string[]): Promise<void> {
  const table = `${SCHEMA}.migrations`
  const { rows } = await sql<{ found: boolean }>`select to_regclass(${table}) is not null as found`.execute(
    db,
  )
  if (!rows[0]?.found) return
  const done = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(db)
  const unknown = done.rows.map(row => row.name).filter(name => !known.includes(name))
  if (unknown.length === 0) return
  const message = `the database is newer than this Millwright: it has ${unknown.join(', ')}, and ${known.at(-1)} is the last known here`
  throw new UserError('database-newer', message, {
    hint: 'Use the newer Millwright again, or point DATABASE_URL or MILLWRIGHT_HOME at another database.',
  })
}
