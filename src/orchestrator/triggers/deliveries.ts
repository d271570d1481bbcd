import { markHandled, recordDelivery, unhandledDeliveries } from '#database/deliveries.ts'
import { UserError } from '#errors.ts'
import { failpoint } from '#failpoint.ts'
import type { Delivery } from '#ports/code-host.ts'
import type { Orchestration } from '../orchestration.ts'
import type { PipelineEngine } from '../pipelines/pipeline.ts'
import { merge } from './merge.ts'
import { pullRequest } from './pull-request.ts'

/** Records deliveries, which makes them ours: from here on each ends in recorded decisions. Repeats are recognised. */
export async function acceptDeliveries(o: Orchestration, deliveries: Delivery[]): Promise<void> {
  for (const delivery of deliveries) await recordDelivery(o.db, delivery)
  failpoint('trigger:recorded')
}

/** Handles every recorded delivery that has not been handled, oldest first. Safe to call again after a crash. */
export async function handleDeliveries(
  o: Orchestration,
  engine: PipelineEngine,
  onRefused: (message: string) => void,
): Promise<void> {
  for (const delivery of await unhandledDeliveries(o.db)) {
    await handle(o, engine, delivery).catch(error => {
      if (!(error instanceof UserError)) throw error
      onRefused(`${delivery.ref} of ${delivery.repository}: ${error.message}`)
    })
    failpoint('trigger:runs-created')
    await markHandled(o.db, delivery.id, o.ports.clock.now())
  }
}

async function handle(o: Orchestration, engine: PipelineEngine, delivery: Delivery): Promise<void> {
  const { after } = delivery
  if (after === null) return
  if (delivery.ref.startsWith('refs/for/')) await pullRequest(o, engine, { ...delivery, after })
  else if (delivery.ref.startsWith('refs/heads/')) await merge(o, engine, { ...delivery, after })
}
