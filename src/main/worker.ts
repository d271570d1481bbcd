import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { cpus, hostname } from 'node:os'
import type { Config } from '#config.ts'
import { connectDatabase } from '#database/connect.ts'
import { migrateDatabase } from '#database/migrate.ts'
import { UserError } from '#errors.ts'
import { armFailpoint } from '#failpoint.ts'
import { homeFolders } from '#home.ts'
import { startWorker } from './start-worker.ts'
import { composeTools } from './tools.ts'
import { startTracking } from './tracking.ts'

export interface WorkerCommand {
  config: Config
  /** Stable name, so that a restarted worker finds its own work; default: a new one. */
  name: string | undefined
  agents?: number | undefined
  onReady(ready: { id: string; agents: number }): void
  log(line: string): void
  signal: AbortSignal
}

/** Takes part in the work of a server's database, in the same home, until the signal is aborted. */
export async function worker(command: WorkerCommand): Promise<void> {
  const { config, signal, log } = command
  armFailpoint(config.failpoint)
  process.noDeprecation = true // the engine's database client warns about the engine's own calls
  const server = await readServer(config)
  const connection = connectDatabase(server.databaseUrl)
  await migrateDatabase(connection.db)
  const tools = composeTools(config)
  const external = { ...config, mlflowTrackingUri: server.trackingUri }
  const tracking = startTracking({
    config: external,
    tools,
    databaseUrl: server.databaseUrl,
    db: connection.db,
    log,
  })
  const agents = command.agents ?? cpus().length
  const id = `worker-${command.name ?? `${hostname()}-${randomUUID().slice(0, 8)}`}`
  const started = await startWorker({
    config,
    tools,
    db: connection.db,
    databaseUrl: server.databaseUrl,
    id,
    agents,
    tracking: tracking.port,
    mirror: tracking.mirror,
    log,
  })
  command.onReady({ id, agents })
  await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  await started.stop()
  await connection.close()
}

/** What `millwright up` leaves for workers of its home: where database and tracking are. Mode 0600. */
export interface WorkerFile {
  databaseUrl: string
  trackingUri: string
}

async function readServer(config: Config): Promise<WorkerFile> {
  const file = homeFolders(config.home).workerFile
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text) return JSON.parse(text) as WorkerFile
  throw new UserError('no-server', `no server has been started in ${config.home}`, {
    hint: 'start one with `millwright up`, or set MILLWRIGHT_HOME to the home of one',
  })
}
