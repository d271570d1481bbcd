import type { Kysely } from 'kysely'
import type { Database, MlJobRow } from './schema.ts'

/** Records a submission, or finds the one of the same name. Returns whether it is new. */
export async function recordJob(db: Kysely<Database>, name: string, request: object): Promise<boolean> {
  const result = await db
    .insertInto('ml_jobs')
    .values({ name, request: JSON.stringify(request), status: 'queued' })
    .onConflict(oc => oc.column('name').doNothing())
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export function findJob(db: Kysely<Database>, name: string): Promise<MlJobRow | undefined> {
  return db.selectFrom('ml_jobs').selectAll().where('name', '=', name).executeTakeFirst()
}

/** Newest first. */
export function listJobs(db: Kysely<Database>, limit: number): Promise<MlJobRow[]> {
  return db.selectFrom('ml_jobs').selectAll().orderBy('created_at', 'desc').limit(limit).execute()
}

/** Changes a job that hasn't ended; an ended job never changes. */
export async function updateJob(
  db: Kysely<Database>,
  name: string,
  change: Partial<
    Pick<MlJobRow, 'status' | 'message' | 'started_at' | 'ended_at' | 'cancel_requested_at'>
  > & { report?: object },
): Promise<void> {
  const { report, ...rest } = change
  await db
    .updateTable('ml_jobs')
    .set({ ...rest, ...(report ? { report: JSON.stringify(report) } : {}) })
    .where('name', '=', name)
    .where('status', 'in', ['queued', 'running'])
    .execute()
}

/** Keeps the latest state of a step, for live views. */
export async function recordStep(
  db: Kysely<Database>,
  job: string,
  position: number,
  report: { name: string },
): Promise<void> {
  const json = JSON.stringify(report)
  await db
    .insertInto('ml_steps')
    .values({ job, name: report.name, position, report: json })
    .onConflict(oc => oc.columns(['job', 'name']).doUpdateSet({ report: json }))
    .execute()
}

export async function stepsOf(db: Kysely<Database>, job: string): Promise<object[]> {
  const rows = await db
    .selectFrom('ml_steps')
    .select('report')
    .where('job', '=', job)
    .orderBy('position')
    .execute()
  return rows.map(row => row.report)
}

/** Names of the jobs that somebody wants cancelled and that have not ended. */
export async function cancelledJobs(db: Kysely<Database>): Promise<string[]> {
  const rows = await db
    .selectFrom('ml_jobs')
    .select('name')
    .where('cancel_requested_at', 'is not', null)
    .where('status', 'in', ['queued', 'running'])
    .execute()
  return rows.map(row => row.name)
}
