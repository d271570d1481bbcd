import { randomBytes, randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { localDeliveries } from '#adapters/local/deliveries.ts'
import { sweepOrphans } from '#adapters/local/marked-tree.ts'
import type { Config } from '#config.ts'
import { UserError } from '#errors.ts'
import { armFailpoint } from '#failpoint.ts'
import { homeFolders } from '#home.ts'
import { acceptDeliveries, handleDeliveries } from '#orchestrator/triggers/deliveries.ts'
import { createApp } from '#server/app.ts'
import { openDatabase } from './database.ts'
import { packageVersion } from './package-folder.ts'
import { startWorker, type Worker } from './start-worker.ts'
import { composeTools } from './tools.ts'
import { startTracking } from './tracking.ts'
import type { WorkerFile } from './worker.ts'

export interface UpOptions {
  config: Config
  port: number | undefined
  host: string | undefined
  /** Number of agents; default: one per core. */
  agents?: number | undefined
  onReady(ready: { url: string; home: string; tracking: Promise<string> }): void
  log(line: string): void
  signal: AbortSignal
}

/** Runs the whole server in the foreground until the signal is aborted. */
export async function up(options: UpOptions): Promise<void> {
  const { config, signal } = options
  armFailpoint(config.failpoint)
  process.noDeprecation = true // the engine's database client warns about the engine's own calls
  const folders = homeFolders(config.home)
  await prepareHome(config.home)
  await refuseSecond(folders.serverFile)
  await refuseTakenPort(options)
  const log = homeLog(config.home, options.log)
  await sweepOrphans()
  const tools = composeTools(config)
  const database = await openDatabase(config, log)
  const running = [() => database.close()]
  try {
    const tracking = startTracking({ config, tools, databaseUrl: database.url, db: database.db, log })
    running.unshift(() => tracking.stop())
    const worker = await startWorker({
      config,
      tools,
      db: database.db,
      databaseUrl: database.url,
      id: await workerId(config.home),
      agents: options.agents ?? cpus().length,
      tracking: tracking.port,
      mirror: tracking.mirror,
      log,
    })
    running.unshift(() => worker.stop())
    const token = await homeToken(config.home)
    const server = await listen(options, worker, token, tracking.uri)
    running.unshift(() => server.close())
    await writePrivate(
      folders.serverFile,
      JSON.stringify({ url: server.url, token, pid: process.pid, version: packageVersion() }),
    )
    void tracking.uri().then(
      uri =>
        writePrivate(
          folders.workerFile,
          JSON.stringify({ databaseUrl: database.url, trackingUri: uri } satisfies WorkerFile),
        ),
      () => {},
    )
    receiveDeliveries(worker, { directory: folders.repositories, config, signal, log })
    options.onReady({ url: server.url, home: config.home, tracking: tracking.uri() })
    await aborted(signal)
  } finally {
    await rm(folders.serverFile, { force: true })
    await atMost(STOP_SECONDS, async () => {
      for (const stop of running) await stop()
    })
  }
}

/** A part that can't stop in good order (its database is gone) must not keep the process: whatever runs dies with us. */
const STOP_SECONDS = 20

async function atMost(seconds: number, work: () => Promise<void>): Promise<void> {
  const giveUp = AbortSignal.timeout(seconds * 1000)
  await Promise.race([work(), aborted(giveUp)])
}

async function prepareHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    await access(home, constants.W_OK)
  } catch (cause) {
    throw new UserError('home-not-writable', `Millwright's home ${home} can't be written`, {
      hint: 'set MILLWRIGHT_HOME to a folder that you own',
      cause,
    })
  }
}

/** One server per home. What a killed one left is stale. */
async function refuseSecond(serverFile: string): Promise<void> {
  const text = await readFile(serverFile, 'utf8').catch(() => undefined)
  if (!text) return
  const { url, pid } = JSON.parse(text) as { url: string; pid: number }
  const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) }).then(
    response => response.ok,
    () => false,
  )
  if (answers) {
    throw new UserError('already-running', `a server runs in this home already: ${url} (process ${pid})`, {
      hint: 'use it, stop it, or set MILLWRIGHT_HOME to another folder',
    })
  }
}

function homeLog(home: string, print: (line: string) => void): (line: string) => void {
  const file = join(home, 'server.log')
  return line => {
    appendFileSync(file, `${new Date().toISOString()} ${line}\n`)
    print(line)
  }
}

/** The same after every restart, so that this worker finds its own unfinished work. */
async function workerId(home: string): Promise<string> {
  return (await readOrMake(join(home, 'worker-id'), () => `server-${randomUUID().slice(0, 8)}`)).trim()
}

async function homeToken(home: string): Promise<string> {
  return (await readOrMake(join(home, 'token'), () => `mw_${randomBytes(32).toString('base64url')}`)).trim()
}

async function readOrMake(file: string, make: () => string): Promise<string> {
  const found = await readFile(file, 'utf8').catch(() => '')
  if (found.trim()) return found
  const made = make()
  await writePrivate(file, made)
  return made
}

async function writePrivate(file: string, text: string): Promise<void> {
  await writeFile(`${file}.partial`, `${text}\n`, { mode: 0o600 })
  await rename(`${file}.partial`, file)
}

/** Where this machine's own clients find a server that listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

const DEFAULT_PORT = 4400

async function listen(options: UpOptions, worker: Worker, token: string, tracking: () => Promise<string>) {
  const host = options.host ?? '127.0.0.1'
  const wanted = options.port ?? DEFAULT_PORT
  const app = createApp({
    o: worker.o,
    engine: worker.engine,
    token,
    version: packageVersion(),
    tracking,
    cancelJob: job => worker.mlService.cancel(job),
    explainStep: worker.explainStep,
    ml: worker.ml,
    onChange: worker.onChange,
  })
  return new Promise<{ url: string; close(): Promise<void> }>((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port: wanted }, ({ port }) => {
      resolve({
        url: `http://${reachable(host)}:${port}`,
        close: () =>
          new Promise(closed => {
            server.close(() => closed())
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      })
    })
    server.on('error', cause => reject(listenError(cause, host, wanted)))
  })
}

/** Says so before anything is started. */
async function refuseTakenPort({ host = '127.0.0.1', port = DEFAULT_PORT }: UpOptions): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', cause => reject(listenError(cause, host, port)))
    probe.listen(port, host, resolve)
  })
  await new Promise(resolve => probe.close(resolve))
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  if (cause.code === 'EADDRINUSE') {
    const hint = 'give another one with --port, or --port 0 for any free one'
    return new UserError('port-in-use', `port ${port} of ${host} is in use`, { hint, cause })
  }
  if (cause.code === 'EACCES' || cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND') {
    const hint = 'give an address of this machine with --host, and a port above 1023 with --port'
    return new UserError('cannot-listen', `can't listen on ${host}:${port}: ${cause.message}`, {
      hint,
      cause,
    })
  }
  return cause
}

/** Takes over what the repositories' hooks have recorded, now and whenever there is more. */
function receiveDeliveries(
  worker: Worker,
  options: { directory: string; config: Config; signal: AbortSignal; log(line: string): void },
): void {
  const deliveries = localDeliveries({ directory: options.directory, gitEnv: options.config.inheritedEnv })
  let last = Promise.resolve()
  let waiting = false
  const receive = async () => {
    waiting = false
    const pending = await deliveries.pending()
    await acceptDeliveries(worker.o, pending)
    await Promise.all([
      handleDeliveries(worker.o, worker.engine, message => options.log(`refused: ${message}`)),
      ...pending.map(delivery => deliveries.done(delivery.id)),
    ])
  }
  /** What comes while one look is still waiting for its turn is found by that look. */
  const next = () => {
    if (waiting) return
    waiting = true
    last = last
      .then(receive)
      .catch(error => options.log(`deliveries: ${error instanceof Error ? error.message : error}`))
  }
  deliveries.watch(next, options.signal)
  next()
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
