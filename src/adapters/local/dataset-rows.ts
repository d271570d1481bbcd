import { type Kysely, type Selectable, sql } from 'kysely'
import type { Database } from '#database/schema.ts'
import type { DatasetOrigin, DatasetVersion } from '#datasets/dataset.ts'
import type { DatasetProfile } from '#datasets/profile.ts'
import { ConflictError } from '#errors.ts'

/** A version that isn't numbered yet. */
export type NewDataset = Omit<DatasetVersion, 'version' | 'createdAt'>

type Row = Selectable<Database['datasets']>

/**
 * Enters a content under a name, in a transaction: as the version of the same content, the given one, or the next.
 * Throws ConflictError when the given version has other content.
 */
export async function enterVersion(
  db: Kysely<Database>,
  dataset: NewDataset,
  { version, origin }: { version?: number; origin?: DatasetOrigin },
): Promise<DatasetVersion> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`dataset:${dataset.name}`}, 0))`.execute(db)
  const known = await sameContent(db, dataset, version)
  const entered = known ?? (await insert(db, dataset, version))
  if (origin) await recordOrigin(db, entered, origin)
  return entered
}

/** The version that an output of a job was registered as. */
export async function versionOfOutput(
  db: Kysely<Database>,
  { job, output }: DatasetOrigin,
): Promise<DatasetVersion | undefined> {
  const row = await db
    .selectFrom('datasets')
    .innerJoin('dataset_outputs', join =>
      join
        .onRef('dataset_outputs.name', '=', 'datasets.name')
        .onRef('dataset_outputs.version', '=', 'datasets.version'),
    )
    .selectAll('datasets')
    .where('dataset_outputs.job', '=', job)
    .where('dataset_outputs.output', '=', output)
    .executeTakeFirst()
  return row && toVersion(row)
}

export function toVersion(row: Row): DatasetVersion {
  const { name, version, digest, rows, files } = row
  return {
    ...{ name, version, digest, rows, files },
    columns: row.columns as string[] | null,
    profile: row.profile as DatasetProfile | null,
    profileNote: row.profile_note,
    createdAt: row.created_at.toISOString(),
  }
}

async function sameContent(
  db: Kysely<Database>,
  { name, digest }: NewDataset,
  version: number | undefined,
): Promise<DatasetVersion | undefined> {
  const rows = db.selectFrom('datasets').selectAll().where('name', '=', name).orderBy('created_at', 'desc')
  const wanted =
    version === undefined ? rows.where('digest', '=', digest) : rows.where('version', '=', version)
  const row = await wanted.executeTakeFirst()
  if (!row || row.digest === digest) return row && toVersion(row)
  throw new ConflictError(
    'dataset-version-taken',
    `${name}:${version} is there already, with other content`,
    {
      hint: 'Give another version, or none to get the next one.',
    },
  )
}

async function insert(
  db: Kysely<Database>,
  { profileNote, ...dataset }: NewDataset,
  version: number | undefined,
): Promise<DatasetVersion> {
  const next = sql<number>`(select coalesce(max(version), 0) + 1 from datasets where name = ${dataset.name})`
  const row = await db
    .insertInto('datasets')
    .values({
      ...dataset,
      version: version ?? next,
      columns: JSON.stringify(dataset.columns),
      files: JSON.stringify(dataset.files),
      profile: JSON.stringify(dataset.profile),
      profile_note: profileNote,
      created_at: sql<Date>`clock_timestamp()`, // now() is when the transaction began to wait for the lock
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toVersion(row)
}

async function recordOrigin(
  db: Kysely<Database>,
  { name, version }: DatasetVersion,
  { job, output }: DatasetOrigin,
): Promise<void> {
  await db
    .insertInto('dataset_outputs')
    .values({ job, output, name, version })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}
