import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import pg from 'pg'
import type { Database } from './schema.ts'
import { isTransient } from './transient.ts'

export const SCHEMA = 'millwright'

export interface Connection {
  db: Kysely<Database>
  close(): Promise<void>
}

/**
 * A pool of at most 10 connections in which table names mean those of schema `millwright`. PostgreSQL may be restarted
 * under it: idle connections are dropped, and a new one is tried for 30 s. A query that was under way fails.
 */
export function connectDatabase(url: string): Connection {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    application_name: 'millwright',
    types: { getTypeParser },
  })
  pool.on('error', () => {}) // an idle connection broke; the pool has dropped it already
  pool.on('connect', client => client.on('error', () => {})) // one that is held broke: its next query says so
  const dialect = new PostgresDialect({
    pool: patient(pool),
    onCreateConnection: async connection => {
      await connection.executeQuery(CompiledQuery.raw(`set search_path to ${SCHEMA}, public`))
    },
  })
  const db = new Kysely<Database>({ dialect })
  return { db, close: () => db.destroy() }
}

const PATIENCE_MS = 30_000

/** Only making a connection is repeated: a query might have had its effect. */
function patient(pool: pg.Pool): PostgresPool {
  return {
    end: () => pool.end(),
    async connect() {
      const deadline = Date.now() + PATIENCE_MS
      for (let delay = 25; ; delay = Math.min(delay * 2, 500)) {
        try {
          return await pool.connect()
        } catch (error) {
          if (!isTransient(error) || pool.ending || Date.now() > deadline) throw error
        }
        await sleep(delay)
      }
    },
  }
}

const INT8 = 20

/** bigint as a number: our counts and sizes are below 2^53. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === INT8 && format !== 'binary') return Number
  return pg.types.getTypeParser(oid, format as 'text')
}
