import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

interface RefMove {
  id: string
  repository: string
  ref: string
  before: string | null
  after: string | null
}

/** Records a delivery; a second one with the same id is the same delivery. Returns whether it is new. */
export async function recordDelivery(db: Kysely<Database>, { id, ...payload }: RefMove): Promise<boolean> {
  const result = await db
    .insertInto('deliveries')
    .values({ id, kind: 'push', payload: JSON.stringify(payload) })
    .onConflict(oc => oc.column('id').doNothing())
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Oldest first. */
export async function unhandledDeliveries(db: Kysely<Database>): Promise<RefMove[]> {
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('handled_at', 'is', null)
    .orderBy('received_at')
    .execute()
  return rows.map(row => ({ id: row.id, ...(row.payload as Omit<RefMove, 'id'>) }))
}

export async function markHandled(db: Kysely<Database>, id: string, at: Date): Promise<void> {
  await db.updateTable('deliveries').set({ handled_at: at }).where('id', '=', id).execute()
}
