import { join } from 'node:path'
import { executeStep } from './execute-step.ts'
import { insideRun } from './execution.ts'
import { finishStep, now, recordStep } from './finish-step.ts'
import type { JobContext, StepOutput } from './job-context.ts'
import { performSweep } from './perform-sweep.ts'
import { publishOutputs } from './publish-outputs.ts'
import type { ReadyStep } from './ready-step.ts'
import { collectOutputs, outputPaths } from './step-outputs.ts'

/**
 * Runs a step's command, or the trials of its sweep, and keeps what it left. Throws StepEnd or StageFailure when it
 * doesn't succeed.
 */
export async function performStep(job: JobContext, ready: ReadyStep): Promise<void> {
  const { step, inputs } = ready
  const { signal } = job
  const log = join(job.folder.directory, job.folder.step(step.name).log)
  job.update(step.name, { status: 'preparing', startedAt: now(), log })
  job.executed.add(ready.key)
  job.prepareAll()
  const run = job.tracking?.startStep(step.name)
  await insideRun(job, { step, run, signal }, async () => {
    if (step.sweep) await performSweep(job, ready, { sweep: step.sweep, run })
    else {
      const onRunning = () => job.update(step.name, { status: 'running' })
      const label = `step '${step.name}'`
      await executeStep(job, { step, inputs, label, signal, run, mustTrack: false, onRunning })
    }
    await keep(job, ready)
  })
}

/** Records the finished step and offers what it left to later jobs. */
async function keep(job: JobContext, ready: ReadyStep): Promise<void> {
  const outputs = await collectOutputs(job, outputPaths(job, ready.step))
  await publishOutputs(job, outputs)
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
  const { trials } = job.reports.get(step.name)!
  const about = { job: job.request.job, step: step.name, parts, texts, ...(trials ? { trials } : {}) }
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
