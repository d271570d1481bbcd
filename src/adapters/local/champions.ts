import { type Kysely, type Selectable, sql } from 'kysely'
import type { Database } from '#database/schema.ts'
import { NotFoundError } from '#errors.ts'
import type { Champion, Promotion } from '#models/version.ts'
import type { Champions, PromotionRecord } from '#ports/model-registry.ts'

/**
 * Champions in tables `champions` (where `best` is), `promotions` (how it came there) and `model_tags`: tag `best` of a
 * version holds the environments in which it is best, e.g. `dev` or `dev,qa`. All three change in one transaction.
 */
export function localChampions(db: Kysely<Database>): Champions {
  return { current, list, promote, history }

  async function current(model: string, environment: string): Promise<Champion> {
    const row = await championRow(db, model, environment)
    if (row) return toChampion(row)
    return { model, environment, best: null, revision: 0, changedAt: null, by: null, reason: null }
  }

  async function list(model?: string): Promise<Champion[]> {
    const all = db.selectFrom('champions').selectAll().orderBy('model').orderBy('environment')
    const rows = await (model === undefined ? all : all.where('model', '=', model)).execute()
    return rows.map(toChampion)
  }

  async function promote(promotion: Promotion): Promise<boolean> {
    const { model, environment, expectedRevision } = promotion
    return db.transaction().execute(async transaction => {
      await lockModel(transaction, model)
      const champion = await championRow(transaction, model, environment)
      if ((champion?.revision ?? 0) !== expectedRevision) return wasMade(transaction, promotion)
      await refuseUnknown(transaction, promotion)
      await recordMove(transaction, promotion, champion?.version ?? null)
      await moveTag(transaction, model)
      return true
    })
  }

  async function history(model: string, environment: string): Promise<PromotionRecord[]> {
    const rows = await db
      .selectFrom('promotions')
      .selectAll()
      .where('model', '=', model)
      .where('environment', '=', environment)
      .orderBy('revision')
      .execute()
    return rows.map(toRecord)
  }
}

/** Held until the transaction ends: changes of one model's versions, tags and champions happen one after another. */
export async function lockModel(db: Kysely<Database>, model: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`model:${model}`}, 0))`.execute(db)
}

function championRow(db: Kysely<Database>, model: string, environment: string) {
  const query = db.selectFrom('champions').selectAll().where('model', '=', model)
  return query.where('environment', '=', environment).executeTakeFirst()
}

/** A promotion that was repeated because its answer was lost. */
async function wasMade(db: Kysely<Database>, promotion: Promotion): Promise<boolean> {
  const { model, environment, version, expectedRevision } = promotion
  const made = await db
    .selectFrom('promotions')
    .select('id')
    .where('model', '=', model)
    .where('environment', '=', environment)
    .where('revision', '=', expectedRevision + 1)
    .where('version', '=', version)
    .executeTakeFirst()
  return made !== undefined
}

async function refuseUnknown(db: Kysely<Database>, { model, version }: Promotion): Promise<void> {
  const query = db.selectFrom('model_versions').select('job').where('model', '=', model)
  if (await query.where('version', '=', version).executeTakeFirst()) return
  throw new NotFoundError('model-version-not-found', `model ${model} has no version ${version}`)
}

async function recordMove(db: Kysely<Database>, promotion: Promotion, from: number | null): Promise<void> {
  const { model, environment, version, by, reason } = promotion
  const revision = promotion.expectedRevision + 1
  const place = { version, revision, by, reason, changed_at: sql<Date>`now()` }
  await db
    .insertInto('champions')
    .values({ model, environment, ...place })
    .onConflict(conflict => conflict.columns(['model', 'environment']).doUpdateSet(place))
    .execute()
  const evidence = JSON.stringify(promotion.evidence ?? null)
  const record = { model, environment, version, revision, by, reason, evidence, from_version: from }
  await db.insertInto('promotions').values(record).execute()
}

async function moveTag(db: Kysely<Database>, model: string): Promise<void> {
  await db.deleteFrom('model_tags').where('model', '=', model).where('key', '=', 'best').execute()
  await sql`
    insert into model_tags (model, version, key, value)
    select model, version, 'best', string_agg(environment, ',' order by environment)
    from champions where model = ${model} group by model, version
  `.execute(db)
}

function toChampion(row: Selectable<Database['champions']>): Champion {
  const { model, environment, version, revision, by, reason } = row
  return { model, environment, best: version, revision, changedAt: row.changed_at.toISOString(), by, reason }
}

function toRecord(row: Selectable<Database['promotions']>): PromotionRecord {
  const { model, environment, version, revision, by, reason, evidence } = row
  const expectedRevision = revision - 1
  const moved = { from: row.from_version, revision, at: row.at.toISOString() }
  return { model, environment, version, expectedRevision, by, reason, evidence, ...moved }
}
