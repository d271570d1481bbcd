import type { ColumnType, Generated, Insertable, JSONColumnType, Selectable } from 'kysely'

/** The tables of schema `millwright`. Times are timestamptz (UTC), JSON is jsonb; nothing secret is stored in clear. */
export interface Database {
  repositories: { name: string; source: string | null; created_at: CreatedAt }
  deliveries: DeliveryTable
  triggers: TriggerTable
  pull_requests: PullRequestTable
  runs: RunTable
  stages: StageTable
  artifacts: ArtifactTable
  datasets: DatasetTable
  dataset_uses: { job: string; input: string; name: string; version: number }
  dataset_outputs: DatasetOutputTable
  ml_jobs: MlJobTable
  ml_steps: MlStepTable
  ml_attempts: MlAttemptTable
  published_pipelines: PublishedPipelineTable
  model_versions: ModelVersionTable
  model_tags: { model: string; version: number; key: string; value: string }
  champions: ChampionTable
  promotions: PromotionTable
  comparisons: ComparisonTable
  images: ImageTable
  image_tags: { repository: string; tag: string; digest: string; moved_at: CreatedAt }
  workers: { id: string; host: string; pid: number; started_at: CreatedAt; heartbeat_at: Time }
}

type CreatedAt = ColumnType<Date, Date | undefined, never>
type Time = ColumnType<Date, Date | undefined, Date>
type NullableTime = ColumnType<Date | null, Date | null | undefined, Date | null>
/** jsonb that may be null; written as JSON text. */
type NullableJson = ColumnType<unknown, string | null | undefined, string | null>

/** What a code host or a person told us, recorded before it is acknowledged. `id` is the delivery id: a second one is a duplicate. */
interface DeliveryTable {
  id: string
  kind: string
  payload: JSONColumnType<Record<string, unknown>>
  received_at: CreatedAt
  /** Null until every run that it asks for is recorded. */
  handled_at: NullableTime
}

/** Why a run was or wasn't started: one row per delivery and model type. */
interface TriggerTable {
  id: Generated<number>
  delivery: string
  kind: string
  model_type: string
  pipeline: string
  decision: 'started' | 'not affected' | 'duplicate' | 'refused'
  because: JSONColumnType<{ path: string; because: string }[]>
  run: string | null
  created_at: CreatedAt
}

interface PullRequestTable {
  repository: string
  number: number
  /** `refs/for/<branch>/<topic>` */
  ref: string
  target: string
  title: string
  head: string
  status: 'open' | 'merged' | 'closed'
  merged_as: string | null
  created_at: CreatedAt
  updated_at: Time
}

interface RunTable {
  id: string
  /** A positive integer, never reused. */
  build_id: Generated<number>
  /** What makes a second start of the same thing find the first: unique. */
  key: string
  pipeline: 'pr' | 'ci' | 'cd'
  repository: string
  model_type: string
  trigger: string
  reason: string | null
  commit: string
  branch: string
  environment: string | null
  dataset: string | null
  /** Pipeline-specific input, e.g. the CI run whose artifact CD trains from. */
  input: JSONColumnType<Record<string, unknown>>
  status: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled'
  outcome: string | null
  error: NullableJson
  cancel_requested_at: NullableTime
  /** Id of the worker that executes it. */
  worker: string | null
  created_at: CreatedAt
  started_at: NullableTime
  ended_at: NullableTime
}

interface StageTable {
  run: string
  position: number
  name: string
  status: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'skipped' | 'reused'
  attempts: ColumnType<number, number | undefined, number>
  started_at: NullableTime
  ended_at: NullableTime
  /** One sentence for people: what came of it. */
  summary: string | null
  /** What the stage found: test results, coverage, digests. */
  detail: NullableJson
  error: NullableJson
}

interface ArtifactTable {
  digest: string
  /** One per CI run: unique. */
  run: string
  model_type: string
  commit: string
  bytes: number
  manifest: JSONColumnType<object>
  created_at: CreatedAt
}

interface DatasetTable {
  name: string
  version: number
  digest: string
  rows: number | null
  columns: NullableJson
  files: JSONColumnType<{ path: string; bytes: number; digest: string }[]>
  profile: NullableJson
  profile_note: ColumnType<string | null, string | null | undefined, string | null>
  created_at: CreatedAt
}

/** Which output of a job was registered as which version: once per job and output. */
interface DatasetOutputTable {
  job: string
  /** `step.output` */
  output: string
  name: string
  version: number
  created_at: CreatedAt
}

interface MlJobTable {
  name: string
  /** The JobSubmission. */
  request: JSONColumnType<object>
  status:
    | 'queued'
    | 'preparing'
    | 'running'
    | 'finalizing'
    | 'canceling'
    | 'completed'
    | 'failed'
    | 'cancelled'
  message: ColumnType<string, string | undefined, string>
  /** Counts from 1; a retry of an ended job is its next attempt. */
  attempt: ColumnType<number, number | undefined, number>
  /** The JobReport without its steps, and what was registered, once it ended. */
  report: NullableJson
  cancel_requested_at: NullableTime
  created_at: CreatedAt
  started_at: NullableTime
  ended_at: NullableTime
}

interface MlStepTable {
  job: string
  name: string
  position: number
  report: JSONColumnType<object>
}

/** An attempt that has ended and after which another one began. */
interface MlAttemptTable {
  job: string
  number: number
  status: string
  message: string
  started_at: NullableTime
  ended_at: NullableTime
  /** The idempotency key of the retry that ended it; unique per job. */
  retry_key: string | null
}

/** One version per name and content; a trigger numbers them. */
interface PublishedPipelineTable {
  name: string
  version: Generated<number>
  digest: string
  manifest: JSONColumnType<object>
  created_at: CreatedAt
}

interface ModelVersionTable {
  model: string
  version: number
  digest: string
  /** The ML job that made it: unique. */
  job: string
  properties: JSONColumnType<Record<string, string>>
  created_at: CreatedAt
}

interface ChampionTable {
  model: string
  environment: string
  version: number
  revision: number
  changed_at: Time
  by: string
  reason: string
}

/** Append-only (a trigger refuses update and delete). */
interface PromotionTable {
  id: Generated<number>
  model: string
  environment: string
  from_version: number | null
  version: number
  revision: number
  by: string
  reason: string
  evidence: JSONColumnType<object>
  at: CreatedAt
}

interface ComparisonTable {
  /** The run that asked. */
  run: string
  model: string
  environment: string
  challenger: number
  champion: number | null
  verdict: string
  evidence: JSONColumnType<object>
  created_at: CreatedAt
}

interface ImageTable {
  digest: string
  repository: string
  model_type: string
  model_version: number
  commit: string
  build_id: number
  run: string
  artifact: string
  size: number
  validation: JSONColumnType<object>
  created_at: CreatedAt
}

export type RunRow = Selectable<RunTable>
export type NewRun = Insertable<RunTable>
export type StageRow = Selectable<StageTable>
export type ImageRow = Selectable<ImageTable>
export type PullRequestRow = Selectable<PullRequestTable>
export type MlJobRow = Selectable<MlJobTable>
export type PublishedPipelineRow = Selectable<PublishedPipelineTable>
