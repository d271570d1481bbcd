import { type Kysely, sql } from 'kysely'
import type { Database } from '#database/schema.ts'
import { ConflictError, NotFoundError } from '#errors.ts'
import type { ModelVersion } from '#models/version.ts'
import type { NewModel } from '#ports/model-registry.ts'

/** A row of `model_versions` and the tags of that version, as one query sees them. */
export type StoredVersion = Awaited<ReturnType<ReturnType<typeof selectVersions>['executeTakeFirstOrThrow']>>

/** Oldest first. */
export function selectVersions(db: Kysely<Database>) {
  const tags = sql<Record<string, string>>`coalesce((
    select jsonb_object_agg(key, value) from model_tags
    where model_tags.model = model_versions.model and model_tags.version = model_versions.version
  ), '{}')`
  return db
    .selectFrom('model_versions')
    .selectAll()
    .select(tags.as('tags'))
    .orderBy('created_at')
    .orderBy('model')
    .orderBy('version')
}

export function versionOfJob(db: Kysely<Database>, job: string): Promise<StoredVersion | undefined> {
  return selectVersions(db).where('job', '=', job).executeTakeFirst()
}

/** Throws NotFoundError that names the versions there are. */
export async function requireVersion(
  db: Kysely<Database>,
  model: string,
  version: number,
): Promise<StoredVersion> {
  const rows = await selectVersions(db).where('model', '=', model).execute()
  const found = rows.find(row => row.version === version)
  if (found) return found
  if (rows.length === 0) throw new NotFoundError('model-not-found', `there is no model ${model}`)
  const versions = rows.map(row => row.version).join(', ')
  const message = `model ${model} has no version ${version}; it has ${versions}`
  throw new NotFoundError('model-version-not-found', message)
}

/** Held until the transaction ends. */
export async function lockJob(db: Kysely<Database>, job: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`model-job:${job}`}, 0))`.execute(db)
}

/** The caller holds the model's lock. Moves tag `latest` to the new version. */
export async function insertNextVersion(
  db: Kysely<Database>,
  model: NewModel,
  digest: string,
): Promise<void> {
  const version = await nextVersion(db, model.name)
  const created_at = sql<Date>`clock_timestamp()` // now() is when the transaction began to wait for the lock
  const properties = JSON.stringify(model.properties)
  const row = { model: model.name, version, digest, job: model.job, properties, created_at }
  await db.insertInto('model_versions').values(row).execute()
  await db.deleteFrom('model_tags').where('model', '=', model.name).where('key', '=', 'latest').execute()
  await setTags(db, row, { ...model.tags, latest: 'true' })
}

/** Properties are write-once: throws ConflictError for a key that has another value. */
export async function addProperties(
  db: Kysely<Database>,
  { model, version, properties }: StoredVersion,
  added: Record<string, string>,
): Promise<void> {
  for (const [key, value] of Object.entries(added)) {
    if (!Object.hasOwn(properties, key) || properties[key] === value) continue
    const message = `property ${key} of ${model} version ${version} is ${properties[key]}, and can't become ${value}`
    throw new ConflictError('property-is-write-once', message, { hint: 'Use a tag for what changes.' })
  }
  if (Object.keys(added).length === 0) return
  await db
    .updateTable('model_versions')
    .set({ properties: JSON.stringify({ ...properties, ...added }) })
    .where('model', '=', model)
    .where('version', '=', version)
    .execute()
}

/** The last writer of a key wins. */
export async function setTags(
  db: Kysely<Database>,
  { model, version }: { model: string; version: number },
  tags: Record<string, string>,
): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ model, version, key, value }))
  if (rows.length === 0) return
  await db
    .insertInto('model_tags')
    .values(rows)
    .onConflict(conflict =>
      conflict
        .columns(['model', 'version', 'key'])
        .doUpdateSet(set => ({ value: set.ref('excluded.value') })),
    )
    .execute()
}

export function withoutJob(row: StoredVersion): ModelVersion {
  const { model, version, digest, tags, properties } = row
  return { name: model, version, digest, tags, properties, createdAt: row.created_at.toISOString() }
}

async function nextVersion(db: Kysely<Database>, model: string): Promise<number> {
  const newest = await db
    .selectFrom('model_versions')
    .select(({ fn }) => fn.max('version').as('version'))
    .where('model', '=', model)
    .executeTakeFirst()
  return (newest?.version ?? 0) + 1
}
