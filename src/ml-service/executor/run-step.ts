import { join } from 'node:path'
import { StageFailure, UserError } from '#errors.ts'
import type { PlannedStep } from '../plan.ts'
import { now } from './finish-step.ts'
import type { JobContext } from './job-context.ts'
import { performStep, StepEnd } from './perform-step.ts'
import { readyStep } from './ready-step.ts'
import { clear, resumeStep, reuseStep } from './reuse-step.ts'

/**
 * Brings a step to its end by the cheapest way: it was finished by an earlier call for this job, an identical step was
 * run before, or its command is run. Tells whether it succeeded; faults that aren't the step's are thrown.
 */
export async function runStep(job: JobContext, step: PlannedStep): Promise<boolean> {
  try {
    const ready = await readyStep(job, step)
    if (await resumeStep(job, ready)) return true
    await clear(join(job.folder.root, job.folder.step(step.name).base))
    if (!(await reuseStep(job, ready))) await performStep(job, ready)
    return true
  } catch (error) {
    return failed(job, step, error)
  }
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
