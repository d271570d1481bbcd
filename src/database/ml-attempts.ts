import type { Kysely, Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Database } from './schema.ts'

export type MlAttemptRow = Selectable<Database['ml_attempts']>

/**
 * Queues the next attempt of a job that failed or was cancelled. Returns its number; undefined when the job is in
 * another state. The same key gives the same attempt, whatever came of it.
 */
export async function recordRetry(
  db: Kysely<Database>,
  job: string,
  key: string,
): Promise<number | undefined> {
  return db.transaction().execute(async transaction => {
    const row = await transaction
      .selectFrom('ml_jobs')
      .select(['status', 'message', 'attempt', 'started_at', 'ended_at'])
      .where('name', '=', job)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const known = (await attemptsOf(transaction, [job])).find(attempt => attempt.retry_key === key)
    if (known) return known.number + 1
    if (row.status !== 'failed' && row.status !== 'cancelled') return undefined
    const { attempt: number, ...ended } = row
    await transaction
      .insertInto('ml_attempts')
      .values({ job, number, retry_key: key, ...ended })
      .execute()
    await queueAgain(transaction, job, number + 1)
    return number + 1
  })
}

/** The attempts before the present one of each job, oldest first. */
export async function attemptsOf(db: Kysely<Database>, jobs: readonly string[]): Promise<MlAttemptRow[]> {
  if (jobs.length === 0) return []
  return db.selectFrom('ml_attempts').selectAll().where('job', 'in', jobs).orderBy('number').execute()
}

async function queueAgain(db: Kysely<Database>, job: string, attempt: number): Promise<void> {
  const anew = { report: null, cancel_requested_at: null, started_at: null, ended_at: null }
  await db
    .updateTable('ml_jobs')
    .set({ status: 'queued', message: `attempt ${attempt}`, attempt, ...anew })
    .where('name', '=', job)
    .execute()
  const pending = { status: 'pending', exitCode: null, startedAt: null, endedAt: null, error: null }
  await db
    .updateTable('ml_steps')
    .set({ report: sql`report || ${JSON.stringify(pending)}::jsonb` })
    .where('job', '=', job)
    .where(sql`report->>'status'`, '<>', 'completed')
    .execute()
}
