import { join } from 'node:path'
import { CancelledError } from '#errors.ts'
import type { CommandResult } from '#ports/command-runner.ts'
import type { PlannedStep } from '../plan.ts'
import { executeStep } from './execute-step.ts'
import { finishStep, now, recordStep } from './finish-step.ts'
import type { JobContext, StepOutput } from './job-context.ts'
import type { RunStatus } from './job-tracking.ts'
import type { ReadyStep } from './ready-step.ts'
import { collectOutputs, outputPaths } from './step-outputs.ts'

/**
 * Runs a step's command with a tracking run around it, and keeps what it left. The executor's status of the run wins,
 * also when the command itself ended the run. Throws StepEnd when the command doesn't succeed.
 */
export async function performStep(job: JobContext, ready: ReadyStep): Promise<void> {
  const { step, inputs } = ready
  const log = join(job.folder.directory, job.folder.step(step.name).log)
  job.update(step.name, { status: 'preparing', startedAt: now(), log })
  job.executed.add(ready.key)
  job.prepareAll()
  const tracked = job.tracking?.startStep(step.name)
  tracked?.catch(() => {})
  let ended: RunStatus = 'FAILED'
  try {
    assertSucceeded(step, await executeStep(job, step, inputs, tracked))
    await keep(job, ready)
    ended = 'FINISHED'
  } catch (error) {
    if (job.signal.aborted) ended = 'KILLED'
    throw error
  } finally {
    if (tracked) job.tracking?.endStep(step.name, tracked, ended)
  }
}

/** A step's command ran and didn't succeed. */
export class StepEnd extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

function assertSucceeded(
  step: PlannedStep,
  { reason, exitCode, killedBy, outOfMemory }: CommandResult,
): void {
  if (reason === 'cancelled') throw new CancelledError()
  if (reason === 'timed-out') {
    throw new StepEnd(exitCode, `step '${step.name}' was stopped after its limit of ${step.timeoutSeconds} s`)
  }
  if (exitCode === 0) return
  const signal = outOfMemory ? `${killedBy}: the machine or its limit ran out of memory` : killedBy
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`
  throw new StepEnd(exitCode, `step '${step.name}' ${how}`)
}

/** Records the finished step and offers what it left to later jobs. */
async function keep(job: JobContext, ready: ReadyStep): Promise<void> {
  const outputs = await collectOutputs(job, outputPaths(job, ready.step))
  const report = { status: 'completed', exitCode: 0, endedAt: now() } as const
  await recordStep(job, ready, { outputs, report, durable: true })
  if (ready.step.deterministic) job.later(offer(job, ready, outputs))
  finishStep(job, ready.step, outputs, report)
}

/** An output that wasn't made may be made another time, and data that changed meanwhile isn't what the key says. */
async function offer(job: JobContext, ready: ReadyStep, outputs: Record<string, StepOutput>): Promise<void> {
  const { step, key, parts, texts } = ready
  if (Object.keys(outputPaths(job, step)).some(name => !outputs[name])) return
  if (await inputsChanged(job, ready)) return
  const offered = Object.entries(outputs).map(([name, { path, digest }]) => {
    return [name, { path: join(job.folder.root, path), digest }] as const
  })
  const log = join(job.folder.root, job.folder.step(step.name).log)
  const about = { job: job.request.job, step: step.name, parts, texts }
  await job.ports.cache.store(key, { ...about, outputs: Object.fromEntries(offered), log })
}

/** Only data that lies where its owner can change it is looked at again. */
async function inputsChanged(job: JobContext, { step, inputs }: ReadyStep): Promise<boolean> {
  for (const [name, input] of Object.entries(step.inputs)) {
    const ready = inputs[name]
    if (!ready || input.kind !== 'data' || input.source.kind !== 'path') continue
    const digest = await job.ports.digest(ready.text).catch(() => undefined)
    if (digest !== ready.digest) return true
  }
  return false
}
