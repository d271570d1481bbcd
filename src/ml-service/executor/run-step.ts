import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure, UserError, understood } from '#errors.ts'
import type { PlannedStep } from '../plan.ts'
import { StepEnd } from './execution.ts'
import { now, recordStep } from './finish-step.ts'
import type { JobContext } from './job-context.ts'
import { performStep } from './perform-step.ts'
import { type ReadyStep, readyStep } from './ready-step.ts'
import { clear, resumeStep, reuseStep } from './reuse-step.ts'
import { TRIALS } from './trial.ts'

/**
 * Brings a step to its end by the cheapest way: it was finished by an earlier call for this job, an identical step was
 * run before, or its command is run. Tells whether it succeeded; faults that aren't the step's are thrown.
 */
export async function runStep(job: JobContext, step: PlannedStep): Promise<boolean> {
  let ready: ReadyStep | undefined
  try {
    ready = await readyStep(job, step)
    if (await resumeStep(job, ready)) return true
    await clearStep(job, step)
    ready.reuse = await reuseStep(job, ready)
    if (ready.reuse !== 'reused') await performStep(job, ready)
    return true
  } catch (error) {
    failed(job, step, understood(error))
    if (ready) await recordStep(job, ready, { outputs: {}, report: {}, durable: false }).catch(() => {})
    return false
  }
}

/** Removes what an interrupted attempt left; of a sweep, not its trials, which may have finished. */
async function clearStep(job: JobContext, { name, sweep }: PlannedStep): Promise<void> {
  const base = join(job.folder.root, job.folder.step(name).base)
  if (!sweep) return clear(base)
  const left = (await readdir(base).catch(() => [])).filter(entry => entry !== TRIALS)
  await Promise.all(left.map(entry => clear(join(base, entry))))
}

/** The step ended without success: cancelled, or failed by its own or its environment's fault. */
function failed(job: JobContext, step: PlannedStep, error: unknown): void {
  const endedAt = now()
  if (job.signal.aborted) {
    job.update(step.name, { status: 'cancelled', endedAt })
    return
  }
  const known = error instanceof StepEnd || error instanceof StageFailure || error instanceof UserError
  const message = error instanceof Error ? error.message : String(error)
  const exitCode = error instanceof StepEnd ? error.exitCode : null
  job.update(step.name, { status: 'failed', endedAt, exitCode, error: message })
  if (!known) throw error
}
