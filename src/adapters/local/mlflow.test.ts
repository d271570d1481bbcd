import { execFile, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '#config.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import { inspectedRun, trackingContract } from '../../../test/contracts/tracking.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { localCommandRunner } from './command-runner.ts'
import { mlflowClient } from './mlflow-client.ts'
import { mirrorToMlflow } from './mlflow-mirror.ts'
import { MLFLOW_ENVIRONMENT, type MlflowServer, startMlflowServer } from './mlflow-server.ts'
import { localModelRegistry } from './model-registry.ts'
import { uvEnvironments } from './python-environments.ts'
import { toolchain } from './toolchain.ts'
import { mlflowTracking } from './tracking.ts'

const run = promisify(execFile)
const env = readConfig().inheritedEnv
const lines: string[] = []
let home: string
let database: FreshDatabase
let server: MlflowServer
let python: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millwright-mlflow-'))
  database = await freshDatabase()
  const commands = localCommandRunner()
  const environments = uvEnvironments({ home, env, commands, toolchain: toolchain({ home, env }) })
  const log = (line: string) => lines.push(line)
  server = startMlflowServer({ home, databaseUrl: database.url, environments, commands, env, log })
  await server.ready
  python = join(await environments.prepare(MLFLOW_ENVIRONMENT, {}), 'bin', 'python')
}, 300_000)

afterAll(async () => {
  await server.stop()
  await database.close()
  await rm(home, { recursive: true, force: true })
}, 60_000)

const uri = async () => (await server.ready).uri
const tracking = mlflowTracking({ uri })
const client = mlflowClient(uri)

trackingContract('MLflow', () => ({
  tracking,
  async logMetric({ runId }, { key, value, step }) {
    const metric = { run_id: runId, key, step, timestamp: Date.now() }
    await client.send('POST', 'runs/log-metric', { ...metric, value: Number.isNaN(value) ? 'NaN' : value })
  },
  async inspect({ runId }) {
    type Found = { run: Parameters<typeof inspectedRun>[0] }
    return inspectedRun((await client.get<Found>('runs/get', { run_id: runId })).run)
  },
}))

describe('server', () => {
  test('other Host headers are refused, and no password is in a command line', async () => {
    expect(await statusFor('127.0.0.1')).toBe(200)
    expect(await statusFor('evil.example')).toBe(403)
    expect(serverProcesses().length).toBeGreaterThan(0)
    for (const { commandLine } of serverProcesses()) {
      expect(commandLine).not.toContain(new URL(database.url).password)
    }
  })

  test('a step’s own mlflow logs to the run that was made for it', async () => {
    const tracked = await tracking.startRun({ experiment: 'steps', name: 'train', tags: {} })
    const program = `
import mlflow
with mlflow.start_run():
    mlflow.log_metric('f1', 0.75)
    mlflow.log_text('hello', 'note.txt')
`
    await run(python, ['-c', program], { env: { ...env, ...tracked.env }, cwd: home })
    expect(await tracking.metrics(tracked.runId)).toEqual({ f1: 0.75 })
    const files = await readdir(
      join(home, 'mlflow-artifacts', tracked.experimentId, tracked.runId, 'artifacts'),
    )
    expect(files).toEqual(['note.txt'])
  }, 120_000)

  test('when it is killed it comes back at the same place, and calls wait for it', async () => {
    const before = await uri()
    for (const { pid } of serverProcesses()) kill(pid)
    const tracked = await tracking.startRun({ experiment: 'after', name: 'waited', tags: {} })
    expect(tracked.uri).toBe(before)
    expect(lines.join('\n')).toContain('MLflow has ended')
  }, 120_000)
})

describe('mirror', () => {
  let registry: ModelRegistry
  beforeAll(async () => {
    registry = localModelRegistry({ db: database.db, directory: join(home, 'models') })
    for (const job of ['job-1', 'job-2', 'job-3']) {
      const folder = join(home, job)
      await mkdir(join(folder, 'data'), { recursive: true })
      await writeFile(join(folder, 'data', 'the model.bin'), job)
      await registry.register({ name: 'm', job, folder, properties: { commit: 'c1' }, tags: {} })
    }
    await promote('dev', 1, 0)
    await promote('qa', 2, 0)
  })
  const promote = (environment: string, version: number, expectedRevision: number) =>
    registry.champions.promote({
      ...{ model: 'm', environment, version, expectedRevision },
      ...{ by: 'test', reason: 'test', evidence: {} },
    })
  const send = (method: 'POST' | 'DELETE', path: string, body: object) =>
    client.send(method, path, { name: 'm', ...body })

  /** Alias → our number, and MLflow's idea of the latest. */
  async function aliases(): Promise<Record<string, number>> {
    type Model = { aliases: { alias: string; version: string }[] }
    const { registered_model } = await client.get<{ registered_model: Model }>('registered-models/get', {
      name: 'm',
    })
    const names = [...registered_model.aliases.map(({ alias }) => alias), 'latest']
    const found = names.map(async alias => {
      type Version = { model_version: { tags: { key: string; value: string }[] } }
      const query = { name: 'm', alias }
      const { model_version } = await client.get<Version>('registered-models/alias', query)
      const tag = model_version.tags.find(({ key }) => key === 'millwright.version')
      return [alias, Number(tag?.value)]
    })
    return Object.fromEntries(await Promise.all(found))
  }

  test('versions, files and aliases are mirrored once, and repaired when they differ', async () => {
    const mirror = mirrorToMlflow({ uri, registry })
    await Promise.all([mirror.repair('m'), mirror.repair('m')])
    expect(await aliases()).toEqual({ best: 1, 'best-dev': 1, 'best-qa': 2, latest: 3 })

    await promote('dev', 3, 1)
    await send('POST', 'registered-models/alias', { alias: 'best-qa', version: '1' })
    await send('POST', 'registered-models/alias', { alias: 'best-nowhere', version: '1' })
    await send('DELETE', 'model-versions/delete', { version: '2' })
    await mirror.repair('m')
    expect(await aliases()).toEqual({ best: 3, 'best-dev': 3, 'best-qa': 2, latest: 3 })

    await mirror.repair('m')
    const query = { filter: "name='m'" }
    const { model_versions } = await client.get<{ model_versions: object[] }>('model-versions/search', query)
    expect(model_versions).toHaveLength(3)
    await mirror.repair('unknown')
  }, 60_000)

  test('MLflow’s own client gets the files of the best model', async () => {
    const program = `
import mlflow, pathlib
folder = mlflow.artifacts.download_artifacts('models:/m@best')
print(pathlib.Path(folder, 'data', 'the model.bin').read_text())
`
    const { stdout } = await run(python, ['-c', program], {
      env: { ...env, MLFLOW_TRACKING_URI: await uri() },
    })
    expect(stdout.trim()).toBe('job-3')
  }, 120_000)
})

test('stopping it leaves nothing behind', async () => {
  await server.stop()
  expect(serverProcesses()).toEqual([])
  await server.stop()
}, 30_000)

async function statusFor(host: string): Promise<number | undefined> {
  const { port } = new URL(await uri())
  return new Promise((resolve, reject) => {
    const headers = { host: `${host}:${port}` }
    const sent = request({
      host: '127.0.0.1',
      port,
      path: '/api/2.0/mlflow/experiments/get?experiment_id=0',
      headers,
    })
    sent.on('response', response => resolve(response.resume().statusCode))
    sent.on('error', reject)
    sent.end()
  })
}

function serverProcesses(): { pid: number; commandLine: string }[] {
  const processes = execFileSync('ps', ['-eo', 'pid=,command='], { encoding: 'utf8', maxBuffer: 1 << 26 })
  return processes
    .split('\n')
    .filter(line => line.includes(join(home, 'environments')))
    .map(line => ({ pid: Number.parseInt(line, 10), commandLine: line }))
}

/** One process may end with another. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error
  }
}
