import type { Kysely } from 'kysely'
import { findJob, jobHasEnded } from '#database/ml-jobs.ts'
import { findStep, stepsOf } from '#database/ml-steps.ts'
import type { Database } from '#database/schema.ts'
import { NotFoundError } from '#errors.ts'
import { nearest } from '#model-types/nearest.ts'
import { knownJob } from './known-job.ts'
import type { MlStepDocument } from './ml-job-document.ts'

export interface StepLog {
  /** Where the log is, or will be; undefined as long as the step has not begun. */
  file: string | undefined
  /** Whether nothing will be added any more. */
  isWhole: boolean
}

/**
 * Where a step's log stands now. Nothing that a caller says becomes a path: the step must be one of the job's own.
 * Throws NotFoundError.
 */
export async function stepLog(db: Kysely<Database>, job: string, name: string): Promise<StepLog> {
  const step = (await findStep(db, job, name)) as MlStepDocument | undefined
  if (!step) return missingStep(db, job, name)
  const hasEnded = ['completed', 'failed', 'cancelled', 'skipped'].includes(step.status)
  return { file: step.log || undefined, isWhole: hasEnded || (await isOver(db, job)) }
}

async function isOver(db: Kysely<Database>, job: string): Promise<boolean> {
  const row = await findJob(db, job)
  return row === undefined || jobHasEnded(row)
}

async function missingStep(db: Kysely<Database>, job: string, name: string): Promise<never> {
  await knownJob(db, job)
  const names = ((await stepsOf(db, job)) as MlStepDocument[]).map(step => step.name)
  const meant = nearest(name, names)
  const known =
    names.length > 0 ? `its steps are ${names.slice(0, 20).join(', ')}` : 'its steps are not known yet'
  throw new NotFoundError('no-such-step', `ML job ${job} has no step '${name}'`, {
    hint: meant ? `did you mean '${meant}'?` : known,
  })
}
