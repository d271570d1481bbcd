import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CachedStep } from '../job.ts'
import { finishStep, now, recordStep } from './finish-step.ts'
import type { JobContext, StepOutput } from './job-context.ts'
import { linkTree } from './link-tree.ts'
import { publishOutputs } from './publish-outputs.ts'
import type { ReadyStep } from './ready-step.ts'
import { type Reuse, readRecord } from './record.ts'
import { collectOutputs, outputPaths } from './step-outputs.ts'

/** A step that an earlier call for this very job finished isn't run again, if what it left is still what it left. */
export async function resumeStep(job: JobContext, { step, key }: ReadyStep): Promise<boolean> {
  const record = await readRecord(join(job.folder.root, job.folder.step(step.name).record))
  if (record?.job !== job.request.job || record.key !== key || record.report.status !== 'completed')
    return false
  const intact = await areIntact(job, record.outputs)
  if (intact) finishStep(job, step, record.outputs, record.report)
  return intact
}

/** Whether outputs are still what they were when they were recorded. */
export async function areIntact(job: JobContext, outputs: Record<string, StepOutput>): Promise<boolean> {
  const paths = Object.fromEntries(Object.entries(outputs).map(([name, { path }]) => [name, path]))
  const found = await collectOutputs(job, paths)
  return Object.entries(outputs).every(([name, { digest }]) => found[name]?.digest === digest)
}

/** Takes what an identical step of another job left, or says why not. */
export async function reuseStep(job: JobContext, ready: ReadyStep): Promise<Reuse> {
  const { step, key } = ready
  if (!step.deterministic) return 'not-deterministic'
  if (job.forceRerun) return 'forced'
  if (job.executed.has(key)) return 'repeated'
  return (await takeFromCache(job, ready)) ? 'reused' : 'no-match'
}

async function takeFromCache(job: JobContext, ready: ReadyStep): Promise<boolean> {
  const { step, key } = ready
  const startedAt = now()
  const cached = await job.ports.cache.find(key)
  const outputs = cached && (await takeOutputs(job, ready, cached))
  if (!cached || !outputs) return false
  await publishOutputs(job, outputs)
  const log = join(job.folder.directory, job.folder.step(step.name).log)
  const origin = { status: 'completed', reused: true, reusedFrom: cached.job } as const
  const trials = cached.trials?.map(trial => ({ ...trial, log: '' }))
  const rest = { exitCode: 0, log, error: null, ...(trials ? { trials } : {}) }
  const report = { ...origin, startedAt, endedAt: now(), ...rest }
  await recordStep(job, { ...ready, reuse: 'reused' }, { outputs, report, durable: false })
  finishStep(job, step, outputs, report)
  return true
}

/** Undefined when the entry lacks an output, or vanishes meanwhile: another process found it damaged. */
async function takeOutputs(
  job: JobContext,
  { step }: ReadyStep,
  cached: CachedStep,
): Promise<Record<string, StepOutput> | undefined> {
  const paths = outputPaths(job, step)
  if (Object.keys(paths).some(name => !cached.outputs[name])) return undefined
  const outputs: Record<string, StepOutput> = {}
  try {
    for (const [name, path] of Object.entries(paths)) {
      await take(job, cached.outputs[name]!.path, path)
      outputs[name] = { path, digest: cached.outputs[name]!.digest }
    }
    if (!('artifacts' in paths)) await take(job, cached.log, job.folder.step(step.name).log)
    return outputs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await clear(join(job.folder.root, job.folder.step(step.name).base))
    return undefined
  }
}

async function take(job: JobContext, from: string, to: string): Promise<void> {
  const target = join(job.folder.root, to)
  await clear(target)
  mkdirSync(dirname(target), { recursive: true })
  await linkTree(from, target)
}

/** Removes what an interrupted attempt left, if anything. */
export async function clear(path: string): Promise<void> {
  if (existsSync(path)) await rm(path, { recursive: true, force: true })
}
