import { DBOS } from '@dbos-inc/dbos-sdk'
import { sql } from 'kysely'
import { cancelledJobs } from '#database/ml-jobs.ts'
import { cancelRequests } from '#database/runs.ts'
import { beat, buryDead, removeWorker } from '#database/workers.ts'
import { CancelledError } from '#errors.ts'
import type { Orchestration } from '#orchestrator/orchestration.ts'
import type { PipelineEngine } from '#orchestrator/pipelines/pipeline.ts'

/** A worker beats this often and is taken for dead when it was silent for DEAD_SECONDS. */
const BEAT_SECONDS = 3
const DEAD_SECONDS = 15

/** How long the journals of finished workflows are kept. */
const JOURNAL_DAYS = 30

/** How soon a cancel that another process accepted is heard here. */
const CANCEL_SECONDS = 0.5

interface Kept {
  o: Orchestration
  engine: PipelineEngine
  startJob(job: string, attempt: number): Promise<void>
  activeJobs: Map<string, AbortController>
  log(line: string): void
}

/**
 * What a worker does beside its work: says that it lives, takes over the work of dead ones, hears cancels, and starts
 * what was recorded but not started because somebody died in between. Returns how to stop it.
 */
export function keepAlive(kept: Kept, worker: { id: string; host: string }): () => void {
  const { db } = kept.o
  const stops = [
    every(CANCEL_SECONDS, () => hearCancels(kept)),
    every(3600, forgetJournals),
    every(BEAT_SECONDS, async () => {
      await beat(db, { ...worker, pid: process.pid })
      await buryDead(db, DEAD_SECONDS, id => takeOver(kept, id))
      await startForgotten(kept)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
    void removeWorker(db, worker.id).catch(() => {})
  }
}

/** Runs `work` now and then, never twice at once. A failure (the database is away) is tried again at the next turn. */
function every(seconds: number, work: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout
  let stopped = false
  const turn = async () => {
    await work().catch(() => {})
    if (!stopped) timer = setTimeout(turn, seconds * 1000).unref()
  }
  void turn()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

async function hearCancels({ o, activeJobs }: Kept): Promise<void> {
  if (o.active.size > 0)
    for (const { id } of await cancelRequests(o.db)) o.active.get(id)?.abort(new CancelledError())
  if (activeJobs.size > 0) for (const job of await cancelledJobs(o.db)) activeJobs.get(job)?.abort()
}

/** Puts the dead worker's workflows back into their queues; the engine's ownership tokens keep a late riser from writing. */
async function takeOver({ log }: Kept, worker: string): Promise<void> {
  const workflows = await DBOS.listWorkflows({
    status: 'PENDING',
    executorId: worker,
    loadInput: false,
    loadOutput: false,
  })
  if (workflows.length === 0) return
  log(`worker ${worker} is gone: taking over ${workflows.length} workflows`)
  const queues = new Map(
    workflows.map(({ queueName }) => [
      queueName,
      workflows.filter(workflow => workflow.queueName === queueName),
    ]),
  )
  for (const [queueName, group] of queues) {
    await DBOS.resumeWorkflows(
      group.map(workflow => workflow.workflowID),
      queueName ? { queueName } : {},
    )
  }
}

/** Finished workflows' journals are needed for nothing after a month; our own rows of runs and jobs stay. */
async function forgetJournals(): Promise<void> {
  const completedBefore = new Date(Date.now() - JOURNAL_DAYS * 86_400_000).toISOString()
  const old = await DBOS.listWorkflows({
    completedBefore,
    limit: 10_000,
    loadInput: false,
    loadOutput: false,
  })
  if (old.length > 0) await DBOS.deleteWorkflows(old.map(workflow => workflow.workflowID))
}

async function startForgotten({ o, engine, startJob }: Kept): Promise<void> {
  const longAgo = sql<Date>`now() - interval '5 seconds'`
  const runs = await o.db
    .selectFrom('runs')
    .select('id')
    .where('status', '=', 'queued')
    .where('created_at', '<', longAgo)
    .execute()
  for (const { id } of runs) await engine.start(id)
  const jobs = await o.db
    .selectFrom('ml_jobs')
    .select(['name', 'attempt'])
    .where('status', '=', 'queued')
    .where('created_at', '<', longAgo)
    .execute()
  for (const { name, attempt } of jobs) await startJob(name, attempt)
}
