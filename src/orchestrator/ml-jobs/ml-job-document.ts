import type { Kysely } from 'kysely'
import { datasetsMadeBy } from '#database/dataset-lineage.ts'
import { attemptsOf, type MlAttemptRow } from '#database/ml-attempts.ts'
import { type JobFilter, listJobs } from '#database/ml-jobs.ts'
import { countSteps, stepsOf } from '#database/ml-steps.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import type { ModelVersion } from '#models/version.ts'
import type { JobSubmission } from '#ports/ml-service.ts'
import { knownJob } from './known-job.ts'

/** An ML job as the API and `--json` show it (design §8). */
export interface MlJobDocument extends MlJobSummary {
  steps: MlStepDocument[]
  /** `name:version` of each dataset that was registered from an output, by `step.output`. */
  registered: Record<string, string>
}

/** An ML job in a list: its steps are counted by status. */
export interface MlJobSummary {
  job: string
  status: MlJobRow['status']
  message: string
  stepCounts: Record<string, number>
  outputs: Record<string, string>
  tracking: { uri: string; experiment: string; runId: string } | null
  /** The run that waits for it, or null. */
  run: string | null
  /** The version is null for jobs of before pipelines had numbers. */
  pipeline: { name: string; version: number | null; digest: string }
  inputs: Record<string, string>
  /** `name:version:sha256` of each registered dataset that was read, by pipeline input name. */
  datasets: Record<string, string>
  /** What the job registers when it completes, or null. */
  registers: string | null
  model: Pick<ModelVersion, 'name' | 'version' | 'digest'> | null
  metrics: Record<string, number>
  error: string | null
  /** The last one is the present one. */
  attempts: MlAttemptDocument[]
  createdAt: string
  startedAt: string | null
  endedAt: string | null
}

export interface MlAttemptDocument {
  number: number
  status: string
  message: string
  startedAt: string | null
  endedAt: string | null
}

export interface MlStepDocument {
  name: string
  status: 'pending' | 'preparing' | 'running' | 'completed' | 'failed' | 'cancelled' | 'skipped'
  reused: boolean
  /** The job whose outputs were taken instead of running the step. */
  reusedFrom: string | null
  exitCode: number | null
  startedAt: string | null
  endedAt: string | null
  /** Path on the machine of the worker. */
  log: string
  outputs: Record<string, string>
  error: string | null
  /** Of a sweep. */
  trials?: MlTrialDocument[] | undefined
}

export interface MlTrialDocument {
  trial: number
  status: MlStepDocument['status']
  /** Texts of the sampled inputs. */
  values: Record<string, string>
  /** Last value of the primary metric; null when none was logged, or none that is finite. */
  metric: number | null
  best: boolean
  exitCode: number | null
  message: string | null
  startedAt: string | null
  endedAt: string | null
  log: string
}

/** Newest first. Throws NotFoundError when there is no job `before`. */
export async function mlJobSummaries(db: Kysely<Database>, filter: JobFilter): Promise<MlJobSummary[]> {
  if (filter.before !== undefined) await knownJob(db, filter.before)
  const rows = await listJobs(db, filter)
  const names = rows.map(row => row.name)
  const counts = await countSteps(db, names)
  const attempts = await attemptsOf(db, names)
  const earlier = (name: string) => attempts.filter(attempt => attempt.job === name)
  return rows.map(row => summary(row, counts.get(row.name)!, earlier(row.name)))
}

/** Of a running job, the steps as they stand. Throws NotFoundError. */
export async function mlJobDocument(db: Kysely<Database>, name: string): Promise<MlJobDocument> {
  const row = await knownJob(db, name)
  const steps = (await stepsOf(db, row.name)) as MlStepDocument[]
  const counts: Record<string, number> = {}
  for (const { status } of steps) counts[status] = (counts[status] ?? 0) + 1
  const registered = await datasetsMadeBy(db, row.name)
  return { ...summary(row, counts, await attemptsOf(db, [row.name])), steps, registered }
}

/** What a job's row keeps once the job has ended. */
type Report = Partial<Pick<MlJobDocument, 'outputs' | 'tracking' | 'datasets' | 'metrics' | 'error'>> & {
  model?: ModelVersion | null
}

function summary(row: MlJobRow, stepCounts: Record<string, number>, earlier: MlAttemptRow[]): MlJobSummary {
  const { notify, pipeline, inputs, register } = row.request as JobSubmission
  const report = (row.report ?? {}) as Report
  const { name, version, digest } = report.model ?? {}
  return {
    job: row.name,
    status: row.status,
    message: row.message,
    stepCounts,
    outputs: report.outputs ?? {},
    tracking: report.tracking ?? null,
    run: notify,
    pipeline: { name: pipeline.name, version: pipeline.version ?? null, digest: pipeline.digest },
    inputs,
    datasets: report.datasets ?? {},
    registers: register?.model ?? null,
    model: name && version && digest ? { name, version, digest } : null,
    metrics: report.metrics ?? {},
    error: report.error ?? null,
    attempts: [...earlier, { ...row, number: row.attempt }].map(attempt),
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}

function attempt(
  row: Pick<MlAttemptRow, 'number' | 'status' | 'message' | 'started_at' | 'ended_at'>,
): MlAttemptDocument {
  const { number, status, message } = row
  const startedAt = row.started_at?.toISOString() ?? null
  return { number, status, message, startedAt, endedAt: row.ended_at?.toISOString() ?? null }
}
