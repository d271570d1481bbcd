import type { Kysely } from 'kysely'
import { datasetsMadeBy } from '#database/dataset-lineage.ts'
import { findJob, listJobs, stepsOf } from '#database/ml-jobs.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import { NotFoundError } from '#errors.ts'
import type { ModelVersion } from '#models/version.ts'
import type { JobSubmission } from '#ports/ml-service.ts'

/** An ML job as the API and `--json` show it (design §8). */
export interface MlJobDocument {
  job: string
  status: MlJobRow['status']
  message: string
  steps: MlStepDocument[]
  outputs: Record<string, string>
  tracking: { uri: string; experiment: string; runId: string } | null
  /** The run that waits for it, or null. */
  run: string | null
  pipeline: { name: string; digest: string }
  inputs: Record<string, string>
  /** `name:version:sha256` of each registered dataset that was read, by pipeline input name. */
  datasets: Record<string, string>
  /** `name:version` of each dataset that was registered from an output, by `step.output`. */
  registered: Record<string, string>
  model: Pick<ModelVersion, 'name' | 'version' | 'digest'> | null
  metrics: Record<string, number>
  error: string | null
  createdAt: string
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

/** Newest first; of a running job, the steps as they stand. */
export async function mlJobDocuments(db: Kysely<Database>, limit: number): Promise<MlJobDocument[]> {
  const rows = await listJobs(db, limit)
  return Promise.all(rows.map(row => document(db, row)))
}

/** Throws NotFoundError. */
export async function mlJobDocument(db: Kysely<Database>, name: string): Promise<MlJobDocument> {
  const row = await findJob(db, name)
  if (row) return document(db, row)
  throw new NotFoundError('no-such-job', `there is no ML job '${name}'`, {
    hint: 'see `millwright ml job list`',
  })
}

/** What a job's row keeps once the job has ended. */
type Report = Partial<
  Pick<MlJobDocument, 'steps' | 'outputs' | 'tracking' | 'datasets' | 'metrics' | 'error'>
> & {
  model?: ModelVersion | null
}

async function document(db: Kysely<Database>, row: MlJobRow): Promise<MlJobDocument> {
  const { notify, pipeline, inputs } = row.request as JobSubmission
  const report = (row.report ?? {}) as Report
  const { name, version, digest } = report.model ?? {}
  return {
    job: row.name,
    status: row.status,
    message: row.message,
    steps: report.steps ?? ((await stepsOf(db, row.name)) as MlStepDocument[]),
    outputs: report.outputs ?? {},
    tracking: report.tracking ?? null,
    run: notify,
    pipeline,
    inputs,
    datasets: report.datasets ?? {},
    registered: await datasetsMadeBy(db, row.name),
    model: name && version && digest ? { name, version, digest } : null,
    metrics: report.metrics ?? {},
    error: report.error ?? null,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}
