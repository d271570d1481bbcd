import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { skipRemaining, updateRun } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import { isTransient } from '#database/transient.ts'
import { errorDocument } from '#errors.ts'
import { type Orchestration, runFolders } from '../orchestration.ts'
import { requireRun } from './execute-stage.ts'
import { fetchSource } from './fetch-source.ts'

/** How a run begins: `pipeline` to run, or an error that stops it before its first stage. */
export type Beginning =
  | { pipeline: RunRow['pipeline'] }
  | { stopped: 'cancelled' | 'failed'; document: unknown }

/** Marks the run as running and fetches its source tree. May be called again. */
export async function beginRun(o: Orchestration, id: string): Promise<Beginning> {
  const run = await requireRun(o, id)
  if (run.cancel_requested_at) return { stopped: 'cancelled', document: null }
  await updateRun(o.db, id, {
    status: 'running',
    worker: o.worker,
    started_at: run.started_at ?? o.ports.clock.now(),
  })
  o.changed(id)
  try {
    if (run.pipeline !== 'cd') await fetchSource(o, run)
    return { pipeline: run.pipeline }
  } catch (error) {
    if (isTransient(error)) throw error
    return { stopped: 'failed', document: errorDocument(error).error }
  }
}

/** Records how the run ended, once; then its working files go, its logs and results stay. */
export async function endRun(
  o: Orchestration,
  id: string,
  end: { status: 'succeeded' | 'failed' | 'cancelled'; outcome: string | null; error: unknown },
): Promise<void> {
  await skipRemaining(o.db, id)
  const error = end.error === null ? {} : { error: end.error }
  const ended = await updateRun(o.db, id, {
    status: end.status,
    outcome: end.outcome,
    ended_at: o.ports.clock.now(),
    ...error,
  })
  o.active.delete(id)
  await removeWorkingFiles(o, id)
  o.changed(id)
  if (ended) await notify(o, await requireRun(o, id))
}

const WORKING_FILES = [
  'source',
  'out/home',
  'out/image',
  'out/comparison',
  'out/local-model-validation',
  'out/artifact.tar.gz',
]

async function removeWorkingFiles(o: Orchestration, id: string): Promise<void> {
  const { folder } = runFolders(o, id)
  await Promise.all(WORKING_FILES.map(name => rm(join(folder, name), { recursive: true, force: true })))
}

async function notify(o: Orchestration, run: RunRow): Promise<void> {
  const message = `${run.pipeline} run ${run.build_id} of ${run.model_type}: ${run.outcome ?? run.status}`
  await o.notifier.runEnded({
    run: run.id,
    pipeline: run.pipeline,
    modelType: run.model_type,
    status: run.status,
    outcome: run.outcome,
    message,
  })
}
