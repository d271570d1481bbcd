import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '#ml-service/executor/free-port.ts'
import type { Command } from '#ports/command-runner.ts'

const SETTINGS = {
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
  MLFLOW_DISABLE_TELEMETRY: 'true',
  DO_NOT_TRACK: 'true',
  MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: '4',
  MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: '4',
  PYTHONUNBUFFERED: '1',
}

/** The command of one MLflow server. The database's URL, which holds a password, is in its environment only. */
export function mlflowCommand(server: {
  home: string
  /** Folder of the Python environment. */
  environment: string
  databaseUrl: string
  port: number
  env: Readonly<Record<string, string>>
}): Command {
  const { home, port } = server
  const authorities = [`127.0.0.1:${port}`, `localhost:${port}`]
  const origins = authorities.map(authority => `http://${authority}`)
  return {
    argv: [
      ...[join(server.environment, 'bin', 'python'), '-m', 'mlflow', 'server', '--host', '127.0.0.1'],
      ...['--port', String(port), '--workers', '1', '--serve-artifacts'],
      ...['--allowed-hosts', authorities.join(','), '--cors-allowed-origins', origins.join(',')],
    ],
    cwd: home,
    env: {
      ...server.env,
      ...SETTINGS,
      MLFLOW_BACKEND_STORE_URI: sqlAlchemyUrl(server.databaseUrl),
      MLFLOW_ARTIFACTS_DESTINATION: join(home, 'mlflow-artifacts'),
    },
    log: join(home, 'logs', 'mlflow.log'),
  }
}

/** Waits until the server answers. False when the process ends or `signal` is aborted first. */
export async function untilAnswering(
  uri: string,
  ended: Promise<unknown>,
  signal: AbortSignal,
): Promise<boolean> {
  let over = false
  const end = () => {
    over = true
  }
  ended.then(end, end)
  while (!over && !signal.aborted) {
    const response = await fetch(`${uri}/health`, { signal: AbortSignal.timeout(5000) }).catch(
      () => undefined,
    )
    if (response?.ok && !over) return true
    await sleep(100)
  }
  return false
}

/** `wanted`, or the same port as last time when it is free; recorded in `<home>/mlflow.json`. */
export async function mlflowPort(home: string, wanted: number | undefined): Promise<number> {
  const file = join(home, 'mlflow.json')
  const recorded = await readFile(file, 'utf8').then(JSON.parse, () => ({}))
  const port = wanted ?? (await freePort(recorded.port))
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify({ port })}\n`, { mode: 0o600 })
  await rename(`${file}.${process.pid}`, file)
  return port
}

/** The driver is named because SQLAlchemy's default one isn't installed. */
function sqlAlchemyUrl(database: string): string {
  return database.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:')
}
