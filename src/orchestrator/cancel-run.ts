import { ENDED, findRun, updateRun } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import { CancelledError, ConflictError, NotFoundError } from '#errors.ts'
import type { Orchestration } from './orchestration.ts'
import type { PipelineEngine } from './pipelines/pipeline.ts'

/** Cancels a run and returns when its work is gone. Throws ConflictError when it has ended otherwise already. */
export async function cancelRun(o: Orchestration, engine: PipelineEngine, id: string): Promise<RunRow> {
  const run = await knownRun(o, id)
  if (run.status === 'cancelled') return run
  refuseEnded(run)
  await updateRun(o.db, run.id, { cancel_requested_at: o.ports.clock.now() })
  o.active.get(run.id)?.abort(new CancelledError())
  await engine.wake(run.id, 'cancel')
  const ended = await endOf(o, run.id)
  refuseEnded(ended)
  return ended
}

function refuseEnded(run: RunRow): void {
  if (run.status !== 'succeeded' && run.status !== 'failed') return
  throw new ConflictError('run-has-ended', `run ${run.id} has ${run.status} already`)
}

/** Finds a run, by id or build id. Throws NotFoundError. */
export async function knownRun(o: Pick<Orchestration, 'db'>, id: string): Promise<RunRow> {
  const run = /^[1-9][0-9]{0,8}$/.test(id)
    ? await o.db.selectFrom('runs').selectAll().where('build_id', '=', Number(id)).executeTakeFirst()
    : await findRun(o.db, id)
  if (run) return run
  throw new NotFoundError('no-such-run', `there is no run '${id}'`, { hint: 'see `millwright run list`' })
}

async function endOf(o: Orchestration, id: string): Promise<RunRow> {
  for (;;) {
    const run = await knownRun(o, id)
    if ((ENDED as readonly string[]).includes(run.status)) return run
    await o.ports.clock.sleep(0.05)
  }
}
