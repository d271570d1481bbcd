import { type Kysely, sql } from 'kysely'
import type { Database, NewRun, RunRow, StageRow } from './schema.ts'

export const ENDED = ['succeeded', 'failed', 'cancelled'] as const

export type RunSpec = Omit<NewRun, 'id' | 'build_id' | 'status' | 'input'> & {
  input: Record<string, unknown>
}

/**
 * Records a run and its stages, or finds the one that was recorded under the same key.
 * The id is `<pipeline>-<build id>`.
 */
export async function recordRun(
  db: Kysely<Database>,
  spec: RunSpec,
  stages: readonly string[],
): Promise<{ run: RunRow; created: boolean }> {
  const known = await findByKey(db, spec.key)
  if (known) return { run: known, created: false }
  return db.transaction().execute(async tx => {
    const buildId = await nextBuildId(tx)
    const inserted = await tx
      .insertInto('runs')
      .values({
        ...spec,
        id: `${spec.pipeline}-${buildId}`,
        build_id: buildId,
        status: 'queued',
        input: JSON.stringify(spec.input),
      })
      .onConflict(oc => oc.column('key').doNothing())
      .returningAll()
      .executeTakeFirst()
    if (!inserted) return { run: (await findByKey(tx, spec.key))!, created: false }
    const rows = stages.map((name, position) => ({
      run: inserted.id,
      position,
      name,
      status: 'queued' as const,
    }))
    await tx.insertInto('stages').values(rows).execute()
    return { run: inserted, created: true }
  })
}

function findByKey(db: Kysely<Database>, key: string): Promise<RunRow | undefined> {
  return db.selectFrom('runs').selectAll().where('key', '=', key).executeTakeFirst()
}

/** Takes the next number of the sequence; a number that a lost race leaves unused is never used again. */
async function nextBuildId(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ id: number }>`select nextval('runs_build_id_seq')::int as id`.execute(db)
  return rows[0]!.id
}

export function findRun(db: Kysely<Database>, id: string): Promise<RunRow | undefined> {
  return db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()
}

export function stagesOf(db: Kysely<Database>, runs: string[]): Promise<StageRow[]> {
  if (runs.length === 0) return Promise.resolve([])
  return db
    .selectFrom('stages')
    .selectAll()
    .where('run', 'in', runs)
    .orderBy('run')
    .orderBy('position')
    .execute()
}

export interface RunFilter {
  modelType?: string
  pipeline?: 'pr' | 'ci' | 'cd'
  status?: RunRow['status']
  commit?: string
  limit: number
}

/** Newest first. */
export function listRuns(db: Kysely<Database>, filter: RunFilter): Promise<RunRow[]> {
  let query = db.selectFrom('runs').selectAll().orderBy('build_id', 'desc').limit(filter.limit)
  if (filter.modelType) query = query.where('model_type', '=', filter.modelType)
  if (filter.pipeline) query = query.where('pipeline', '=', filter.pipeline)
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.commit) query = query.where('commit', '=', filter.commit)
  return query.execute()
}

/** Changes a run that hasn't ended; an ended run never changes. Returns whether it did. */
export async function updateRun(
  db: Kysely<Database>,
  id: string,
  change: Partial<
    Pick<RunRow, 'status' | 'outcome' | 'worker' | 'started_at' | 'ended_at' | 'cancel_requested_at'>
  > & {
    error?: unknown
    input?: Record<string, unknown>
  },
): Promise<boolean> {
  const { error, input, ...rest } = change
  const json = {
    ...(error === undefined ? {} : { error: JSON.stringify(error) }),
    ...(input === undefined ? {} : { input: JSON.stringify(input) }),
  }
  const result = await db
    .updateTable('runs')
    .set({ ...rest, ...json })
    .where('id', '=', id)
    .where('status', 'not in', ENDED)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Marks a stage as running, by one more attempt unless it was only waiting, or as waiting. */
export async function startStage(
  db: Kysely<Database>,
  run: string,
  name: string,
  at: Date,
  status: 'running' | 'waiting',
): Promise<void> {
  await db
    .updateTable('stages')
    .set(eb => ({
      status,
      attempts: eb
        .case()
        .when(eb.or([eb('status', '=', 'waiting'), eb.val(status === 'waiting')]))
        .then(eb.ref('attempts'))
        .else(eb('attempts', '+', 1))
        .end(),
      started_at: eb.fn.coalesce('started_at', eb.val(at)),
      ended_at: null,
    }))
    .where('run', '=', run)
    .where('name', '=', name)
    .execute()
}

export interface StageEnd {
  status: 'succeeded' | 'failed' | 'cancelled' | 'reused'
  at: Date
  summary: string | null
  detail: unknown
  error: unknown
}

export async function endStage(
  db: Kysely<Database>,
  run: string,
  name: string,
  end: StageEnd,
): Promise<void> {
  await db
    .updateTable('stages')
    .set({
      status: end.status,
      ended_at: end.at,
      summary: end.summary,
      detail: end.detail === null ? null : JSON.stringify(end.detail),
      error: end.error === null ? null : JSON.stringify(end.error),
    })
    .where('run', '=', run)
    .where('name', '=', name)
    .execute()
}

/** Stages that never began, once the run has ended otherwise. */
export async function skipRemaining(db: Kysely<Database>, run: string): Promise<void> {
  await db
    .updateTable('stages')
    .set({ status: 'skipped' })
    .where('run', '=', run)
    .where('status', 'in', ['queued', 'running', 'waiting'])
    .execute()
}

/** Runs of these workers, or of none, that somebody wants cancelled and that have not ended. */
export function cancelRequests(db: Kysely<Database>): Promise<{ id: string }[]> {
  return db
    .selectFrom('runs')
    .select('id')
    .where('cancel_requested_at', 'is not', null)
    .where('status', 'not in', ENDED)
    .execute()
}

/** The latest CI run of a model type on a branch (or of one commit) that succeeded, with its artifact. */
export function latestArtifact(
  db: Kysely<Database>,
  query: { modelType: string; branch?: string; commit?: string },
) {
  let found = db
    .selectFrom('artifacts')
    .innerJoin('runs', 'runs.id', 'artifacts.run')
    .select([
      'artifacts.digest',
      'runs.id as run',
      'runs.commit',
      'runs.branch',
      'runs.environment',
      'runs.repository',
      'runs.input',
    ])
    .where('runs.model_type', '=', query.modelType)
    .where('runs.status', '=', 'succeeded')
    .orderBy('runs.build_id', 'desc')
  if (query.branch) found = found.where('runs.branch', '=', query.branch)
  if (query.commit) found = found.where('runs.commit', '=', query.commit)
  return found.executeTakeFirst()
}
