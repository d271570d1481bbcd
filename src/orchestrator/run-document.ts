import type { Kysely } from 'kysely'
import { stagesOf } from '#database/runs.ts'
import type { Database, RunRow, StageRow } from '#database/schema.ts'

/** A run as the API and `--json` show it (design §8). */
export interface RunDocument {
  id: string
  buildId: number
  pipeline: RunRow['pipeline']
  modelType: string
  trigger: string
  reason: string | null
  commit: string
  branch: string
  environment: string | null
  dataset: string | null
  status: RunRow['status']
  outcome: string | null
  error: unknown
  repository: string
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  stages: StageDocument[]
}

export interface StageDocument {
  name: string
  status: StageRow['status']
  attempts: number
  startedAt: string | null
  endedAt: string | null
  summary: string | null
  detail: unknown
  error: unknown
}

/** The runs with their stages, in the given order. */
export async function runDocuments(db: Kysely<Database>, runs: RunRow[]): Promise<RunDocument[]> {
  const stages = await stagesOf(
    db,
    runs.map(run => run.id),
  )
  return runs.map(run =>
    document(
      run,
      stages.filter(stage => stage.run === run.id),
    ),
  )
}

function document(run: RunRow, stages: StageRow[]): RunDocument {
  return {
    id: run.id,
    buildId: run.build_id,
    pipeline: run.pipeline,
    modelType: run.model_type,
    trigger: run.trigger,
    reason: run.reason,
    commit: run.commit,
    branch: run.branch,
    environment: run.environment,
    dataset: run.dataset,
    status: run.status,
    outcome: run.outcome,
    error: run.error ?? null,
    repository: run.repository,
    createdAt: run.created_at.toISOString(),
    startedAt: time(run.started_at),
    endedAt: time(run.ended_at),
    stages: stages.map(stageDocument),
  }
}

function stageDocument(stage: StageRow): StageDocument {
  const { name, status, attempts, summary } = stage
  return {
    name,
    status,
    attempts,
    startedAt: time(stage.started_at),
    endedAt: time(stage.ended_at),
    summary,
    detail: stage.detail ?? null,
    error: stage.error ?? null,
  }
}

function time(at: Date | null): string | null {
  return at?.toISOString() ?? null
}
