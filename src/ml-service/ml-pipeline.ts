import { join } from 'node:path'
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Kysely } from 'kysely'
import { recordUses } from '#database/dataset-lineage.ts'
import { findJob, recordStep, updateJob } from '#database/ml-jobs.ts'
import type { Database } from '#database/schema.ts'
import { isTransient } from '#database/transient.ts'
import { errorDocument } from '#errors.ts'
import { failpoint } from '#failpoint.ts'
import type { ModelVersion } from '#models/version.ts'
import type { Clock } from '#ports/clock.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import type { JobSubmission } from '#ports/ml-service.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import { runJob } from './executor/run-job.ts'
import type { Datastores, EnvironmentMap, ExecutorPorts, JobReport, StepReport } from './job.ts'
import { readPlan } from './pipeline-file/lint.ts'
import { datasetsRead, registerData } from './register-data.ts'

/** The workflow of an ML job, and the queue from which workers pull them; their steps share the worker's agents. */
export const ML_JOB_WORKFLOW = 'ml-job'
export const ML_JOBS_QUEUE = 'ml-jobs'

/** What the ML service is made of in this process. */
export interface MlServiceContext {
  db: Kysely<Database>
  clock: Clock
  /** Folder of jobs and folder of published pipelines. */
  jobs: string
  pipelines: string
  executor: ExecutorPorts
  models: ModelRegistry
  datasets: DatasetStore
  /** What a source tree says about environments, datastores and the step cache. */
  settingsOf(source: string): Promise<{
    python: { warm: boolean | undefined }
    environments: EnvironmentMap
    datastores: Datastores
    cache: { maxSize: number }
  }>
  /** Called with what the submitter asked to be given back, after the job has ended; may be called twice. */
  notifyEnded(notify: string, job: string): Promise<void>
  /** Called after a model was registered; may be called twice. */
  registered(model: string): void
  stopping: AbortSignal
  active: Map<string, AbortController>
}

/** What a job's row keeps once it ended. */
export interface MlJobReport extends JobReport {
  model: ModelVersion | null
  metrics: Record<string, number>
}

const PATIENT = {
  retriesAllowed: true,
  maxAttempts: 12,
  intervalSeconds: 0.5,
  backoffRate: 1.6,
  shouldRetry: isTransient,
}

/**
 * Registers the durable ML job: run the steps, register the model, tell who waits. Call once, before the engine is
 * launched. The steps' own progress is kept in the job's folder, so that a job goes on from its last finished step.
 */
export function registerMlPipeline(m: MlServiceContext): void {
  DBOS.registerWorkflow(
    async (job: string) => {
      const ran = await DBOS.runStep(() => execute(m, job), { name: 'run steps', ...PATIENT })
      await DBOS.runStep(() => finish(m, job, ran), { name: 'register model', ...PATIENT })
      await DBOS.runStep(() => tell(m, job), { name: 'notify', ...PATIENT })
    },
    { name: ML_JOB_WORKFLOW },
  )
}

/** Runs the job's steps; the report lies in the job's folder too, the journal only keeps how it ended. */
async function execute(m: MlServiceContext, job: string): Promise<{ report: JobReport }> {
  const submission = await submissionOf(m, job)
  const controller = new AbortController()
  const stop = () => controller.abort()
  m.active.set(job, controller)
  m.stopping.addEventListener('abort', stop, { once: true })
  try {
    if ((await findJob(m.db, job))?.cancel_requested_at) controller.abort()
    await updateJob(m.db, job, { status: 'running', message: 'running', started_at: m.clock.now() })
    const report = await runSteps(m, submission, controller.signal)
    failpoint('ml-job:ran')
    if (!m.stopping.aborted) return { report }
  } finally {
    m.stopping.removeEventListener('abort', stop)
    m.active.delete(job)
  }
  return new Promise(() => {}) // left for the next start
}

async function runSteps(
  m: MlServiceContext,
  submission: JobSubmission,
  signal: AbortSignal,
): Promise<JobReport> {
  const { job, pipeline, inputs } = submission
  const source = join(m.pipelines, pipeline.digest.replace(':', '-'))
  const directory = join(m.jobs, job)
  try {
    const { pipelineFile } = await publishedManifest(m, pipeline.digest)
    const plan = readPlan(join(source, pipelineFile), inputs)
    const positions = new Map(plan.steps.map((step, position) => [step.name, position]))
    let recorded = Promise.resolve()
    const onStep = (step: StepReport) => {
      recorded = recorded
        .then(() => recordStep(m.db, job, positions.get(step.name) ?? 0, step))
        .catch(() => {})
    }
    const { environments, datastores, cache, python } = await m.settingsOf(source)
    const warmPython = python.warm ?? false
    const request = { job, plan, directory, environments, datastores, warmPython }
    const report = await runJob(m.executor, request, { signal, onStep })
    await recorded
    await m.executor.cache.trim(cache.maxSize).catch(() => {})
    return report
  } catch (error) {
    if (isTransient(error) || m.stopping.aborted) throw error
    const { message } = errorDocument(error).error
    const status = signal.aborted ? 'cancelled' : 'failed'
    return { job, status, steps: [], outputs: {}, tracking: null, datasets: {}, error: message }
  }
}

/** Registers what the job made, once, and records how it ended. */
async function finish(m: MlServiceContext, job: string, { report }: { report: JobReport }): Promise<void> {
  const submission = await submissionOf(m, job)
  const metrics = await metricsOf(m, report)
  await recordUses(m.db, job, datasetsRead(report))
  const refused = report.status === 'completed' ? await registerData(m.datasets, report) : report.error
  failpoint('ml-job:data-registered')
  const outcome =
    report.status === 'completed' && refused === null
      ? await register(m, submission, report, metrics)
      : { model: null, error: refused }
  failpoint('ml-job:registered')
  const status = outcome.model ? 'completed' : report.status === 'cancelled' ? 'cancelled' : 'failed'
  const message = outcome.error ?? (status === 'completed' ? 'completed' : status)
  const full: MlJobReport = { ...report, status, error: outcome.error, model: outcome.model, metrics }
  await updateJob(m.db, job, { status, message, ended_at: m.clock.now(), report: full })
}

async function register(
  m: MlServiceContext,
  { job, register: wanted }: JobSubmission,
  report: JobReport,
  metrics: Record<string, number>,
): Promise<{ model: ModelVersion | null; error: string | null }> {
  const folder = report.outputs[wanted.output]
  if (!folder)
    return {
      model: null,
      error: `the pipeline has no output '${wanted.output}' to register as the model (train.model in model.yml)`,
    }
  const datasets = Object.values(report.datasets).sort().join(',')
  const numbers = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)]))
  const properties = { ...numbers, ...wanted.properties, dataset: datasets, ml_job: job }
  const model = await m.models.register({ name: wanted.model, job, folder, properties, tags: wanted.tags })
  m.registered(wanted.model)
  return { model, error: null }
}

/** The metrics of the job's own tracking run, over those of the jobs whose steps it reused. */
async function metricsOf(m: MlServiceContext, report: JobReport): Promise<Record<string, number>> {
  const reused = [...new Set(report.steps.map(step => step.reusedFrom).filter(from => from !== null))]
  const earlier = await Promise.all(
    reused.map(async from => (await findJob(m.db, from))?.report as MlJobReport | undefined),
  )
  const own =
    report.tracking && m.executor.tracking ? await m.executor.tracking.metrics(report.tracking.runId) : {}
  return Object.assign({}, ...earlier.map(found => found?.metrics ?? {}), own) as Record<string, number>
}

async function tell(m: MlServiceContext, job: string): Promise<void> {
  const { notify } = await submissionOf(m, job)
  if (notify !== null) await m.notifyEnded(notify, job)
}

async function submissionOf(m: MlServiceContext, job: string): Promise<JobSubmission> {
  const row = await findJob(m.db, job)
  if (!row) throw new Error(`ML job ${job} is not in the database`)
  return row.request as JobSubmission
}

async function publishedManifest(m: MlServiceContext, digest: string): Promise<{ pipelineFile: string }> {
  const row = await m.db
    .selectFrom('published_pipelines')
    .select('manifest')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
  return row.manifest as { pipelineFile: string }
}
