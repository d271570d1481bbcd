import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '#ml-service/executor/free-port.ts'
import { type Cluster, openCluster, SUPERUSER } from './postgres-cluster.ts'
import { lastWords, livePostmaster, postmasterLives, spawnPostmaster, stopPostmaster } from './postmaster.ts'

export interface EmbeddedPostgres {
  /** Connection URL of database `millwright`, password included; stays valid when PostgreSQL is restarted. */
  readonly url: string
  /** The main process at this moment. */
  readonly pid: number
  /** Ends sessions and PostgreSQL. Idempotent. */
  stop(): Promise<void>
}

const WATCH_MS = 200

/**
 * Starts the home's own PostgreSQL on 127.0.0.1, or adopts the one that a killed process left running, and keeps it
 * running: when it dies, it is started again on the same port within about a second. Data is made on the first call.
 * Throws UserError when this machine can't run it.
 */
export async function startPostgres(options: {
  home: string
  log: (line: string) => void
}): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(options.home)
  let pid = await bringUp(cluster, options.log)
  const stopping = new AbortController()
  const watching = watch()
  const url = await createDatabaseIfMissing(urlOf(cluster, 'postgres'), 'millwright')
  return {
    url,
    get pid() {
      return pid
    },
    async stop() {
      stopping.abort()
      await watching
      await stopPostmaster(pid, cluster.data)
    },
  }

  async function watch(): Promise<void> {
    while (await pause(WATCH_MS, stopping.signal)) {
      if (postmasterLives(pid, cluster.data)) continue
      options.log('PostgreSQL has ended; starting it again')
      pid = await restart(cluster, options.log, stopping.signal, pid)
    }
  }
}

/** Makes the database unless it exists and returns its URL. Safe when several processes call it at once. */
export async function createDatabaseIfMissing(url: string, name: string): Promise<string> {
  const client = connectionTo(url)
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  } catch (error) {
    const raced = ['42P04', '23505'].includes((error as { code?: string }).code ?? '')
    if (!raced) throw error
  } finally {
    await client.end()
  }
  const result = new URL(url)
  result.pathname = `/${encodeURIComponent(name)}`
  return result.href
}

/** Adopts or starts, on the recorded port if it is free, else on another. Returns the pid of one that is ready. */
async function bringUp(cluster: Cluster, log: (line: string) => void): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const adopted = await adopt(cluster, log)
    if (adopted) return adopted
    const port = await freePort(attempt < 3 ? cluster.port : undefined)
    if (port !== cluster.port) await cluster.movePort(port)
    const started = await start(cluster)
    if (started) return started
    if (attempt >= 20) throw new Error(`PostgreSQL doesn't start:\n${await lastWords(cluster.log)}`)
    await sleep(100)
  }
}

/** Like {@link bringUp}, but on the port that everybody knows already, and without giving up. */
async function restart(
  cluster: Cluster,
  log: (line: string) => void,
  signal: AbortSignal,
  previous: number,
): Promise<number> {
  for (let delay = 50; ; delay = Math.min(delay * 2, 5000)) {
    const pid = await adoptOrStart(cluster, log).catch(error => log(String(error)))
    if (pid) return pid
    if (delay > 1000) log(`PostgreSQL doesn't start; trying again. ${await lastWords(cluster.log)}`)
    if (!(await pause(delay, signal))) return previous
  }
}

async function adoptOrStart(cluster: Cluster, log: (line: string) => void): Promise<number | undefined> {
  return (await adopt(cluster, log)) ?? (await start(cluster))
}

async function adopt(cluster: Cluster, log: (line: string) => void): Promise<number | undefined> {
  const found = await livePostmaster(cluster.data)
  if (!found || !(await untilReady(found.pid, cluster.data))) return undefined
  if (found.port !== cluster.port) await cluster.movePort(found.port)
  const probe = connectionTo(urlOf(cluster, 'postgres'))
  await probe.connect()
  await probe.end()
  log(`found PostgreSQL running (process ${found.pid})`)
  return found.pid
}

async function start(cluster: Cluster): Promise<number | undefined> {
  const pid = await spawnPostmaster(cluster, cluster.port)
  return (await untilReady(pid, cluster.data)) ? pid : undefined
}

/** False when the process ends before it is ready. Recovery after a crash may take minutes. */
async function untilReady(pid: number, data: string): Promise<boolean> {
  while (postmasterLives(pid, data)) {
    const found = await livePostmaster(data)
    if (found?.pid === pid && found.ready) return true
    await sleep(10)
  }
  return false
}

/** A connection that breaks between two queries must not end this process; the next query tells. */
function connectionTo(url: string): pg.Client {
  return new pg.Client({ connectionString: url }).on('error', () => {})
}

function urlOf(cluster: Cluster, database: string): string {
  return `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${cluster.port}/${database}`
}

function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { signal, ref: false }).catch(() => false)
}
