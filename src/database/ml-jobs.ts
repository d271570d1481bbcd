import { type Kysely, sql } from 'kysely'
import type { Database, MlJobRow } from './schema.ts'

export type MlJobStatus = MlJobRow['status']

/** States in which a job's work may be under way or still to come; the others are final until a retry. */
export const OPEN_JOB = ['queued', 'preparing', 'running', 'finalizing', 'canceling'] as const

export function jobHasEnded({ status }: Pick<MlJobRow, 'status'>): boolean {
  return !(OPEN_JOB as readonly string[]).includes(status)
}

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

export interface JobFilter {
  status?: MlJobStatus | undefined
  /** Name of the model that the job registers. */
  modelType?: string | undefined
  /** Name of the published pipeline. */
  pipeline?: string | undefined
  /** Only jobs older than this one. */
  before?: string | undefined
  limit: number
}

/** Newest first. */
export function listJobs(db: Kysely<Database>, filter: JobFilter): Promise<MlJobRow[]> {
  const { status, modelType, pipeline, before, limit } = filter
  return db
    .selectFrom('ml_jobs')
    .selectAll()
    .$if(status !== undefined, query => query.where('status', '=', status!))
    .$if(modelType !== undefined, query => query.where(sql`request->'register'->>'model'`, '=', modelType))
    .$if(pipeline !== undefined, query => query.where(sql`request->'pipeline'->>'name'`, '=', pipeline))
    .$if(before !== undefined, query => query.where(olderThan(before!)))
    .orderBy('created_at', 'desc')
    .orderBy('name', 'desc')
    .limit(limit)
    .execute()
}

/** The newest names, for suggestions. */
export async function jobNames(db: Kysely<Database>, limit = 1000): Promise<string[]> {
  const query = db.selectFrom('ml_jobs').select('name').orderBy('created_at', 'desc').limit(limit)
  return (await query.execute()).map(row => row.name)
}

const FORWARD = {
  preparing: ['queued', 'preparing'],
  running: ['queued', 'preparing', 'running'],
  finalizing: ['queued', 'preparing', 'running', 'finalizing'],
} as const

/** Moves an attempt on; one that is being cancelled, has ended, or has another after it stays as it is. */
export async function advanceJob(
  db: Kysely<Database>,
  { name, attempt }: Pick<MlJobRow, 'name' | 'attempt'>,
  change: { status: keyof typeof FORWARD; started_at?: Date },
): Promise<void> {
  await db
    .updateTable('ml_jobs')
    .set({ ...change, message: change.status })
    .where('name', '=', name)
    .where('attempt', '=', attempt)
    .where('status', 'in', FORWARD[change.status])
    .execute()
}

/** Records how an attempt ended, once. */
export async function endJob(
  db: Kysely<Database>,
  { name, attempt }: Pick<MlJobRow, 'name' | 'attempt'>,
  end: { status: 'completed' | 'failed' | 'cancelled'; message: string; ended_at: Date; report: object },
): Promise<void> {
  await db
    .updateTable('ml_jobs')
    .set({ ...end, report: JSON.stringify(end.report) })
    .where('name', '=', name)
    .where('attempt', '=', attempt)
    .where('status', 'in', OPEN_JOB)
    .execute()
}

/** A job that no worker has begun with is cancelled by this; any other is being cancelled until its work is gone. */
export async function requestCancel(db: Kysely<Database>, name: string, at: Date): Promise<void> {
  await db
    .updateTable('ml_jobs')
    .set({ status: 'cancelled', message: 'cancelled before it began', cancel_requested_at: at, ended_at: at })
    .where('name', '=', name)
    .where('status', '=', 'queued')
    .execute()
  await db
    .updateTable('ml_jobs')
    .set({ status: 'canceling', message: 'canceling', cancel_requested_at: at })
    .where('name', '=', name)
    .where('status', 'in', OPEN_JOB)
    .execute()
}

/** Names of the jobs that somebody wants cancelled and that have not ended. */
export async function cancelledJobs(db: Kysely<Database>): Promise<string[]> {
  const rows = await db
    .selectFrom('ml_jobs')
    .select('name')
    .where('cancel_requested_at', 'is not', null)
    .where('ended_at', 'is', null)
    .execute()
  return rows.map(row => row.name)
}

function olderThan(job: string) {
  return sql<boolean>`(created_at, name) < (select b.created_at, b.name from ml_jobs b where b.name = ${job})`
}
