import { closeSync, existsSync, fsync, openSync, renameSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { StepReport } from '../job.ts'

/** What is kept of a step in its folder (`record.json`): enough to go on without it, and to explain it later. */
export interface StepRecord {
  format: 1
  job: string
  key: string
  /** What the key was made of, and what can be shown of it. */
  parts: Record<string, string>
  texts: Record<string, string>
  reuse: Reuse
  report: StepReport
  /** Paths relative to the job's folder. */
  outputs: Record<string, { path: string; digest: string }>
  /** Tracking run of the step, when it had one. */
  runId: string | null
}

/**
 * Whether an identical step's outputs were taken, or why not: the job was told to run every step, the step's result
 * isn't determined by its inputs, an equal step of the same job stands beside it, or no identical step is kept.
 */
export type Reuse = 'reused' | 'forced' | 'not-deterministic' | 'repeated' | 'no-match'

/** The record, or undefined when there is none that can be read. */
export async function readRecord(file: string): Promise<StepRecord | undefined> {
  const record = (await readJson(file)) as StepRecord | undefined
  return record?.format === 1 ? record : undefined
}

/** Parsed JSON of a file, or undefined when it is missing or damaged. */
export async function readJson(file: string): Promise<unknown> {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

const flushed = promisify(fsync)

/** Replaces a JSON file as a whole. With `durable` it also survives a power failure from now on. */
export async function writeJson(file: string, value: unknown, options: { durable: boolean }): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  const descriptor = openSync(temporary, 'w')
  try {
    writeFileSync(descriptor, `${JSON.stringify(value, undefined, 1)}\n`)
    if (options.durable) await flushed(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, file)
}
