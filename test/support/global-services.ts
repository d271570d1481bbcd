import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { startMlflowServer } from '#adapters/local/mlflow-server.ts'
import { createDatabaseIfMissing, startPostgres } from '#adapters/local/postgres.ts'
import { uvEnvironments } from '#adapters/local/python-environments.ts'
import { toolchain } from '#adapters/local/toolchain.ts'
import { readConfig } from '#config.ts'
import { connectDatabase } from '#database/connect.ts'
import { migrateDatabase } from '#database/migrate.ts'
import { freePort } from '#ml-service/executor/free-port.ts'
import { TEMPLATE } from './database.ts'
import { SHARED_TOOLS } from './shared-tools.ts'

/**
 * For vitest's `globalSetup`: one PostgreSQL for the whole run, with a migrated database to copy, and one real MLflow
 * server, which is still starting when the first tests run: who logs waits for it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'millwright-test-'))
  const postgres = await startPostgres({ home, log: () => {} })
  const { db, close } = connectDatabase(await createDatabaseIfMissing(postgres.url, TEMPLATE))
  await migrateDatabase(db)
  await close()
  project.provide('postgresUrl', postgres.url)
  const mlflow = await startMlflow(home, postgres.url)
  project.provide('mlflowUri', mlflow.uri)
  return async () => {
    await mlflow.stop()
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
}

async function startMlflow(
  home: string,
  databaseUrl: string,
): Promise<{ uri: string; stop(): Promise<void> }> {
  await mkdir(SHARED_TOOLS, { recursive: true })
  const env = readConfig().inheritedEnv
  const commands = localCommandRunner()
  const tools = { home: SHARED_TOOLS, env }
  const environments = uvEnvironments({ ...tools, commands, toolchain: toolchain(tools) })
  const port = await freePort()
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const server = startMlflowServer({ home, databaseUrl, environments, commands, env, port, log })
  return { uri: `http://127.0.0.1:${port}`, stop: () => server.stop() }
}
