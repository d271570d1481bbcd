import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#errors.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import type { PythonEnvironments } from '#ports/python-environments.ts'
import { mlflowCommand, mlflowPort, untilAnswering } from './mlflow-process.ts'
import { createDatabaseIfMissing } from './postgres.ts'

export interface MlflowServerOptions {
  home: string
  /** Any database of the PostgreSQL in which MLflow gets its own database `mlflow`. */
  databaseUrl: string
  environments: PythonEnvironments
  commands: CommandRunner
  /** What the process may inherit: PATH and the like. */
  env: Readonly<Record<string, string>>
  log: (line: string) => void
  port?: number
}

export interface MlflowServer {
  /** Resolves when it first answers (10–20 s, minutes when MLflow is installed first); rejects when it can't be had. */
  ready: Promise<{ uri: string }>
  /** Ends the process. Idempotent. */
  stop(): Promise<void>
}

export const MLFLOW_ENVIRONMENT = {
  name: 'mlflow',
  python: '>=3.10,<3.14',
  requirements: ['mlflow==3.17.2', 'psycopg2-binary==2.9.13'],
}

/**
 * Starts the home's own MLflow on 127.0.0.1 and keeps it running, on the same port. It dies with this process. Its
 * tables live in our PostgreSQL, artifacts in `<home>/mlflow-artifacts`, its output in `<home>/logs/mlflow.log`.
 * Returns at once; what takes long is behind `ready`.
 */
export function startMlflowServer(options: MlflowServerOptions): MlflowServer {
  const stopping = new AbortController()
  const { promise: ready, resolve, reject } = withResolvers<{ uri: string }>()
  ready.catch(() => {}) // whoever needs MLflow gets the error; nobody has to
  const running = keepRunning(options, stopping.signal, resolve).catch(error => {
    if (!stopping.signal.aborted) options.log(`MLflow can't be started: ${error.message}`)
    reject(error)
  })
  return {
    ready,
    async stop() {
      stopping.abort(new Error('MLflow was stopped'))
      await running
    },
  }
}

async function keepRunning(
  options: MlflowServerOptions,
  signal: AbortSignal,
  onReady: (server: { uri: string }) => void,
): Promise<void> {
  const environment = await prepare(options, signal)
  const databaseUrl = await createDatabaseIfMissing(options.databaseUrl, 'mlflow')
  const port = await mlflowPort(options.home, options.port)
  const uri = `http://127.0.0.1:${port}`
  const command = mlflowCommand({ ...options, environment, databaseUrl, port })
  await mkdir(join(options.home, 'logs'), { recursive: true, mode: 0o700 })
  for (let failures = 0; !signal.aborted; failures++) {
    const ended = options.commands.run({ ...command, signal })
    const answered = await untilAnswering(uri, ended, signal)
    if (answered) onReady({ uri })
    const result = await ended
    if (answered) failures = 0
    if (signal.aborted) break
    options.log(`MLflow has ended (exit code ${result.exitCode}, see logs/mlflow.log); starting it again`)
    await sleep(Math.min(250 * 2 ** failures, 10_000), undefined, { signal }).catch(() => {})
  }
  signal.throwIfAborted()
}

/** Installs MLflow unless it is there. A package index that doesn't answer is asked again; other mistakes are final. */
async function prepare(options: MlflowServerOptions, signal: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const progress = { signal, onProgress: options.log }
      return await options.environments.prepare(MLFLOW_ENVIRONMENT, progress)
    } catch (error) {
      if (attempt === 3 || error instanceof UserError || signal.aborted) throw error
      options.log(`MLflow couldn't be installed yet: ${(error as Error).message}`)
    }
    await sleep(5000, undefined, { signal })
  }
}

function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
