import type { ModelVersion } from '#models/version.ts'

/**
 * The Machine Learning Service, as the orchestrator sees it.
 *
 * Call order: `publish` once per pipeline content, `submit` once per job, then wait for the completion message or ask
 * `status` now and then, and collect with `result`. `publish` and `submit` may be called again with the same
 * arguments: they find their earlier effect. `cancel` returns when the job's work is gone; a job that has ended stays
 * as it is.
 */
export interface MlService {
  publish(pipeline: PublishRequest): Promise<PublishedPipeline>
  submit(job: JobSubmission): Promise<void>
  /** Throws NotFoundError when no such job was submitted. */
  status(job: string): Promise<JobStatus>
  /** What a finished job left. `model` is the version that this very job registered. */
  result(job: string): Promise<JobOutcome>
  cancel(job: string): Promise<void>
}

export interface PublishRequest {
  /** Model type name. */
  name: string
  /** Root of the source tree: the folder that contains `mlops/`. */
  source: string
  /** Relative to `source`. */
  pipelineFile: string
  /** What jobs will be submitted with, so that the pipeline is checked whole. */
  inputs: Record<string, string>
}

/** An immutable pipeline; `digest` covers every file it is made of, its registered components included. */
export interface PublishedPipeline {
  name: string
  /** Counts from 1 per name; the same content is the same version. */
  version: number
  digest: string
}

export interface JobSubmission {
  /** Chosen by the caller; deterministic, so that a repeated submit finds its job. */
  job: string
  pipeline: PublishedPipeline
  /** Literal values or data references by input name. */
  inputs: Record<string, string>
  /** Given back with the completion message; null when nobody waits for one. */
  notify: string | null
  /** What to register when the job has completed; null registers nothing. */
  register: ModelRegistration | null
}

export interface ModelRegistration {
  model: string
  /** The pipeline output that is the model. */
  output: string
  properties: Record<string, string>
  tags: Record<string, string>
}

export interface JobStatus {
  job: string
  /**
   * `completed`, `failed` and `cancelled` are final. A job waits as `queued`, reads and prepares environments as
   * `preparing`, has steps under way as `running`, registers as `finalizing`; `canceling` lasts until its work is gone.
   */
  status:
    | 'queued'
    | 'preparing'
    | 'running'
    | 'finalizing'
    | 'canceling'
    | 'completed'
    | 'failed'
    | 'cancelled'
  /** One sentence about where it stands or why it failed. */
  message: string
}

export interface JobOutcome extends JobStatus {
  outputs: Record<string, string>
  model: ModelVersion | null
  metrics: Record<string, number>
}
