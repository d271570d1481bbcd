import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

/** What has to do with a dataset version. */
export interface DatasetLineage {
  usedBy: {
    /** Newest first; `input` is the pipeline's input, or `step.input`. */
    jobs: { job: string; input: string; status: string }[]
    /** The model versions that those jobs registered. */
    models: { name: string; version: number }[]
  }
  /** The first job that made it, or null for data that came from outside. */
  madeBy: { job: string; output: string } | null
}

/** Records which versions a job read, by input; once, however often it is called. */
export async function recordUses(
  db: Kysely<Database>,
  job: string,
  uses: readonly { input: string; name: string; version: number }[],
): Promise<void> {
  if (uses.length === 0) return
  await db
    .insertInto('dataset_uses')
    .values(uses.map(({ input, name, version }) => ({ job, input, name, version })))
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

export async function datasetLineage(
  db: Kysely<Database>,
  name: string,
  version: number,
): Promise<DatasetLineage> {
  const jobs = await jobsThatRead(db, name, version)
  return { usedBy: { jobs, models: await modelsOf(db, jobs) }, madeBy: await makerOf(db, name, version) }
}

/** Dataset versions that a job made, as `name:version` by `step.output`. */
export async function datasetsMadeBy(db: Kysely<Database>, job: string): Promise<Record<string, string>> {
  const rows = await db.selectFrom('dataset_outputs').selectAll().where('job', '=', job).execute()
  return Object.fromEntries(rows.map(row => [row.output, `${row.name}:${row.version}`]))
}

function jobsThatRead(db: Kysely<Database>, name: string, version: number) {
  return db
    .selectFrom('dataset_uses')
    .innerJoin('ml_jobs', 'ml_jobs.name', 'dataset_uses.job')
    .select(['ml_jobs.name as job', 'dataset_uses.input', 'ml_jobs.status'])
    .where('dataset_uses.name', '=', name)
    .where('dataset_uses.version', '=', version)
    .orderBy('ml_jobs.created_at', 'desc')
    .orderBy('dataset_uses.input')
    .execute()
}

async function modelsOf(
  db: Kysely<Database>,
  jobs: readonly { job: string }[],
): Promise<DatasetLineage['usedBy']['models']> {
  const names = [...new Set(jobs.map(({ job }) => job))]
  if (names.length === 0) return []
  return db
    .selectFrom('model_versions')
    .select(['model as name', 'version'])
    .where('job', 'in', names)
    .orderBy('model')
    .orderBy('version')
    .execute()
}

async function makerOf(
  db: Kysely<Database>,
  name: string,
  version: number,
): Promise<DatasetLineage['madeBy']> {
  const row = await db
    .selectFrom('dataset_outputs')
    .select(['job', 'output'])
    .where('name', '=', name)
    .where('version', '=', version)
    .orderBy('created_at')
    .executeTakeFirst()
  return row ?? null
}
