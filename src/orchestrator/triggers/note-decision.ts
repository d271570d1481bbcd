import type { RunRow } from '#database/schema.ts'
import type { PlanEntry } from '#model-types/plan-change.ts'
import type { Delivery } from '#ports/code-host.ts'
import type { Orchestration } from '../orchestration.ts'

/** Keeps why a delivery did or didn't start a run of a model type. May be called twice. */
export async function noteDecision(
  { db }: Orchestration,
  delivery: Delivery,
  kind: string,
  pipeline: string,
  entry: PlanEntry,
  started: { run: RunRow; created: boolean } | null,
): Promise<void> {
  await db
    .insertInto('triggers')
    .values({
      delivery: delivery.id,
      kind,
      pipeline,
      model_type: entry.modelType,
      decision: started ? (started.created ? 'started' : 'duplicate') : 'not affected',
      because: JSON.stringify(entry.reasons),
      run: started?.run.id ?? null,
    })
    .onConflict(oc => oc.columns(['delivery', 'model_type', 'pipeline']).doNothing())
    .execute()
}
