import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CancelledError, StageFailure, UserError } from '#errors.ts'
import type { CommandResult } from '#ports/command-runner.ts'
import type { StepReport } from '../job.ts'
import type { PlannedStep } from '../plan.ts'
import { executeStep } from './execute-step.ts'
import type { JobContext, StepOutput } from './job-context.ts'
import type { RunStatus } from './job-tracking.ts'
import { linkTree } from './link-tree.ts'
import { readRecord, type StepRecord, writeJson } from './record.ts'
import { type ReadyInput, readyInputs } from './step-inputs.ts'
import { type KeyParts, keyParts, stepKey } from './step-key.ts'
import { collectOutputs, outputPaths } from './step-outputs.ts'

/** A step that is about to be done, and what it depends on. */
interface ReadyStep {
  step: PlannedStep
  inputs: Record<string, ReadyInput>
  parts: KeyParts
  key: string
}

/**
 * Brings a step to its end by the cheapest way: it was finished by an earlier call for this job, an identical step was
 * run before, or its command is run. Tells whether it succeeded; faults that aren't the step's are thrown.
 */
export async function runStep(job: JobContext, step: PlannedStep): Promise<boolean> {
  try {
    const ready = await readyStep(job, step)
    const earlier = await readRecord(join(job.folder.root, job.folder.step(step.name).record))
    if (await resumed(job, ready, earlier)) return true
    await rm(join(job.folder.root, job.folder.step(step.name).base), { recursive: true, force: true })
    return (await reused(job, ready)) || (await executed(job, ready))
  } catch (error) {
    return failed(job, step, error)
  }
}

async function readyStep(job: JobContext, step: PlannedStep): Promise<ReadyStep> {
  const inputs = await readyInputs(job, step)
  const code = step.code === undefined ? undefined : (await job.code(step.code)).digest
  const identities = Object.entries(inputs).map(([name, input]) => [name, input.identity])
  const requirements = job.requirements(step)
  const parts = keyParts({ step, code, requirements, inputs: Object.fromEntries(identities) })
  return { step, inputs, parts, key: stepKey(parts) }
}

/** A finished step of this very job isn't run again, if what it left is still what it left. */
async function resumed(job: JobContext, { step, key }: ReadyStep, record?: StepRecord): Promise<boolean> {
  const valid = record?.job === job.request.job && record.key === key && record.report.status === 'completed'
  if (!valid) return false
  const paths = Object.fromEntries(Object.entries(record.outputs).map(([name, { path }]) => [name, path]))
  const found = await collectOutputs(job, paths)
  if (Object.entries(record.outputs).some(([name, { digest }]) => found[name]?.digest !== digest))
    return false
  finish(job, step, record.outputs, record.report)
  return true
}

async function reused(job: JobContext, ready: ReadyStep): Promise<boolean> {
  const { step, parts, key } = ready
  if (job.forceRerun || !step.deterministic || job.executed.has(key)) return false
  const startedAt = now()
  const cached = await job.ports.cache.find(key)
  const paths = outputPaths(job, step)
  if (!cached || Object.keys(paths).some(name => !cached.outputs[name])) return false
  const outputs: Record<string, StepOutput> = {}
  for (const [name, path] of Object.entries(paths)) {
    await take(job, cached.outputs[name]!.path, path)
    outputs[name] = { path, digest: cached.outputs[name]!.digest }
  }
  const log = job.folder.step(step.name).log
  if (!('artifacts' in paths)) await take(job, cached.log, log)
  const report = {
    startedAt,
    endedAt: now(),
    status: 'completed',
    reused: true,
    reusedFrom: cached.job,
  } as const
  finish(job, step, outputs, { ...report, exitCode: 0, log: join(job.folder.directory, log), error: null })
  await writeRecord(job, { step, parts, key }, { outputs, durable: false })
  return true
}

async function take(job: JobContext, from: string, to: string): Promise<void> {
  const target = join(job.folder.root, to)
  await rm(target, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true })
  await linkTree(from, target)
}

async function executed(job: JobContext, ready: ReadyStep): Promise<boolean> {
  const { step, inputs } = ready
  const log = join(job.folder.directory, job.folder.step(step.name).log)
  job.update(step.name, { status: 'preparing', startedAt: now(), log })
  job.prepareAll()
  const tracked = job.tracking?.startStep(step.name)
  tracked?.catch(() => {})
  let ended: RunStatus = 'FAILED'
  job.executed.add(ready.key)
  try {
    const result = await executeStep(job, step, inputs, tracked)
    assertSucceeded(step, result)
    await keep(job, ready, await tracked?.catch(() => undefined))
    ended = 'FINISHED'
    return true
  } catch (error) {
    if (job.signal.aborted) ended = 'KILLED'
    throw error
  } finally {
    if (tracked) job.tracking?.endStep(step.name, tracked, ended)
  }
}

function assertSucceeded(step: PlannedStep, { reason, exitCode, killedBy }: CommandResult): void {
  if (reason === 'cancelled') throw new CancelledError()
  if (reason === 'timed-out') {
    throw new StepEnd(exitCode, `step '${step.name}' was stopped after its limit of ${step.timeoutSeconds} s`)
  }
  if (exitCode === 0) return
  const how = killedBy ? `was ended by ${killedBy}` : `ended with exit code ${exitCode}`
  throw new StepEnd(exitCode, `step '${step.name}' ${how}`)
}

/** A step's command ran and didn't succeed. */
class StepEnd extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Records the finished step and offers what it left to later jobs. */
async function keep(job: JobContext, ready: ReadyStep, run: { runId: string } | undefined): Promise<void> {
  const { step, parts, key } = ready
  const paths = outputPaths(job, step)
  const outputs = await collectOutputs(job, paths)
  const complete = Object.keys(paths).every(name => outputs[name])
  if (step.deterministic && complete) {
    const absolute = Object.entries(outputs).map(([name, { path, digest }]) => {
      return [name, { path: join(job.folder.root, path), digest }] as const
    })
    const log = join(job.folder.root, job.folder.step(step.name).log)
    await job.ports.cache.store(key, {
      job: job.request.job,
      parts,
      outputs: Object.fromEntries(absolute),
      log,
    })
  }
  const end = { status: 'completed', exitCode: 0, endedAt: now() } as const
  await writeRecord(job, ready, { outputs, end, durable: true, runId: run?.runId ?? null })
  finish(job, step, outputs, end)
}

async function writeRecord(
  job: JobContext,
  { step, key, parts }: Pick<ReadyStep, 'step' | 'key' | 'parts'>,
  more: {
    outputs: Record<string, StepOutput>
    end?: Partial<StepReport>
    durable: boolean
    runId?: string | null
  },
): Promise<void> {
  const { outputs, durable, end, runId = null } = more
  const report = { ...job.reports.get(step.name)!, ...end, outputs: reportedPaths(job, outputs) }
  const record: StepRecord = { format: 1, job: job.request.job, key, parts, report, outputs, runId }
  await writeJson(join(job.folder.root, job.folder.step(step.name).record), record, { durable })
}

function finish(
  job: JobContext,
  step: PlannedStep,
  outputs: Record<string, StepOutput>,
  report: Partial<StepReport>,
): void {
  job.outputs.set(step.name, outputs)
  job.update(step.name, { ...report, outputs: reportedPaths(job, outputs) })
}

function reportedPaths(job: JobContext, outputs: Record<string, StepOutput>): Record<string, string> {
  const entries = Object.entries(outputs)
  return Object.fromEntries(entries.map(([name, { path }]) => [name, join(job.folder.directory, path)]))
}

/** The step ended without success: cancelled, or failed by its own or its environment's fault. */
function failed(job: JobContext, step: PlannedStep, error: unknown): false {
  const endedAt = now()
  if (job.signal.aborted) {
    job.update(step.name, { status: 'cancelled', endedAt })
    return false
  }
  const known = error instanceof StepEnd || error instanceof StageFailure || error instanceof UserError
  const message = error instanceof Error ? error.message : String(error)
  const exitCode = error instanceof StepEnd ? error.exitCode : null
  job.update(step.name, { status: 'failed', endedAt, exitCode, error: message })
  if (!known) throw error
  return false
}

function now(): string {
  return new Date().toISOString()
}
