import type { Kysely } from 'kysely'
import { recordRetry } from '#database/ml-attempts.ts'
import type { Database } from '#database/schema.ts'
import { ConflictError } from '#errors.ts'
import { knownJob } from './known-job.ts'

/** Starts the workflow of a job's attempt, once however often it is called. */
export type StartJob = (job: string, attempt: number) => Promise<void>

/**
 * Begins the next attempt of a job that failed or was cancelled: what its steps have finished stays as it is, the
 * others are run. The same key is the same attempt. Throws ConflictError when the job is in another state.
 */
export async function retryJob(
  db: Kysely<Database>,
  start: StartJob,
  { job, key }: { job: string; key: string },
): Promise<void> {
  const { name } = await knownJob(db, job)
  const attempt = await recordRetry(db, name, key)
  if (attempt === undefined) throw notRetryable(name, (await knownJob(db, name)).status)
  await start(name, attempt)
}

function notRetryable(job: string, status: string): ConflictError {
  const message = `ML job ${job} is ${status}; only failed and cancelled jobs can be retried`
  return new ConflictError('job-not-retryable', message, {
    hint: `see \`millwright ml job show ${job}\`; to run it again under another name, submit it`,
  })
}
