import type { Kysely } from 'kysely'
import { startPostgres } from '#adapters/local/postgres.ts'
import type { Config } from '#config.ts'
import { connectDatabase } from '#database/connect.ts'
import { migrateDatabase } from '#database/migrate.ts'
import type { Database } from '#database/schema.ts'

export interface OpenDatabase {
  url: string
  db: Kysely<Database>
  close(): Promise<void>
}

/** The database of `DATABASE_URL`, or the home's own PostgreSQL, with its tables up to date. */
export async function openDatabase(config: Config, log: (line: string) => void): Promise<OpenDatabase> {
  const embedded = config.databaseUrl ? undefined : await startPostgres({ home: config.home, log })
  const url = config.databaseUrl ?? embedded!.url
  const connection = connectDatabase(url)
  await migrateDatabase(connection.db)
  return {
    url,
    db: connection.db,
    async close() {
      await connection.close()
      await embedded?.stop()
    },
  }
}
