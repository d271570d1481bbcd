import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

/** Says that this worker lives. */
export async function beat(
  db: Kysely<Database>,
  worker: { id: string; host: string; pid: number },
): Promise<void> {
  await db
    .insertInto('workers')
    .values({ ...worker, heartbeat_at: sql<Date>`now()` })
    .onConflict(oc =>
      oc.column('id').doUpdateSet({ host: worker.host, pid: worker.pid, heartbeat_at: sql<Date>`now()` }),
    )
    .execute()
}

/**
 * Calls `takeOver` for each worker that has been silent for `seconds`, then forgets it. One survivor does it at a time,
 * and one that dies in the middle is followed by another.
 */
export async function buryDead(
  db: Kysely<Database>,
  seconds: number,
  takeOver: (worker: string) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async tx => {
    const dead = await tx
      .selectFrom('workers')
      .select('id')
      .where('heartbeat_at', '<', sql<Date>`now() - make_interval(secs => ${seconds})`)
      .forUpdate()
      .skipLocked()
      .execute()
    for (const { id } of dead) {
      await takeOver(id)
      await tx.deleteFrom('workers').where('id', '=', id).execute()
    }
  })
}

export async function removeWorker(db: Kysely<Database>, id: string): Promise<void> {
  await db.deleteFrom('workers').where('id', '=', id).execute()
}
