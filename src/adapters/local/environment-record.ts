import { readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import { normalisedRequirements } from './environment-key.ts'
import type { Interpreter } from './interpreters.ts'

/** What an environment was made of. It lies in the environment as `environment.json`; its time is the last use. */
export interface EnvironmentRecord {
  /** What it was called when it was built. */
  name: string | null
  python: string
  interpreter: string
  requirements: string[]
  builtAt: string
}

const FILE = 'environment.json'

export async function writeRecord(
  environment: string,
  { name, requirements }: EnvironmentRequirements,
  { version, path }: Interpreter,
): Promise<void> {
  const record: EnvironmentRecord = {
    name: name ?? null,
    python: version,
    interpreter: path,
    requirements: normalisedRequirements(requirements),
    builtAt: new Date().toISOString(),
  }
  await writeFile(join(environment, FILE), `${JSON.stringify(record, null, 2)}\n`)
}

/** Notes that an environment is used now, and returns it. */
export async function noteUse(environment: string): Promise<string> {
  const now = new Date()
  await utimes(join(environment, FILE), now, now).catch(() => {})
  return environment
}

export async function readRecord(environment: string): Promise<EnvironmentRecord> {
  return JSON.parse(await readFile(join(environment, FILE), 'utf8'))
}
