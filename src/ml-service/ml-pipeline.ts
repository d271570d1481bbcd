import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Kysely } from 'kysely'
import { recordUses } from '#database/dataset-lineage.ts'
import { advanceJob, endJob, findJob, jobHasEnded } from '#database/ml-jobs.ts'
import { announceSteps, recordSteps } from '#database/ml-steps.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import { isTransient } from '#database/transient.ts'
import { errorDocument } from '#errors.ts'
import { failpoint } from '#failpoint.ts'
import type { ModelVersion } from '#models/version.ts'
import type { Clock } from '#ports/clock.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import type { JobSubmission } from '#ports/ml-service.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import { pendingReport } from './executor/job-context.ts'
import { writeJson } from './executor/record.ts'
import { runJob } from './executor/run-job.ts'
import type { Datastores, EnvironmentMap, ExecutorPorts, JobReport } from './job.ts'
import type { Plan } from './plan.ts'
import { datasetsRead, registerData } from './register-data.ts'
import { type Registered, registerModel } from './register-model.ts'
import { type StepRecorder, stepRecorder } from './step-recorder.ts'

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
  /** Plans a published pipeline with what was vendored into it. Throws UserError for its first problem. */
  plan(source: string, file: string, inputs: Record<string, string>): Plan
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

/** What a job's row keeps once it ended; its steps have rows of their own. */
export interface MlJobReport extends Omit<JobReport, 'steps'> {
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
 * launched. The steps' own progress is kept in the job's folder, so that a job goes on from its last finished step,
 * and so does its next attempt.
 */
export function registerMlPipeline(m: MlServiceContext): void {
  DBOS.registerWorkflow(
    async (job: string, attempt: number = 1) => {
      await DBOS.runStep(() => execute(m, job, attempt), { name: 'run steps', ...PATIENT })
      await DBOS.runStep(() => finish(m, job, attempt), { name: 'register model', ...PATIENT })
      await DBOS.runStep(() => tell(m, job), { name: 'notify', ...PATIENT })
    },
    { name: ML_JOB_WORKFLOW },
  )
}

/** Runs the job's steps. The report lies in the job's folder; the journal only keeps how it ended. */
async function execute(
  m: MlServiceContext,
  job: string,
  attempt: number,
): Promise<JobReport['status'] | null> {
  const row = await requireJob(m, job)
  if (isOver(row, attempt)) return null
  const controller = new AbortController()
  const stop = () => controller.abort()
  m.active.set(job, controller)
  m.stopping.addEventListener('abort', stop, { once: true })
  try {
    await advanceJob(m.db, row, { status: 'preparing', started_at: row.started_at ?? m.clock.now() })
    if ((await requireJob(m, job)).cancel_requested_at) controller.abort()
    const report = await runSteps(m, row, controller.signal)
    failpoint('ml-job:ran')
    if (!m.stopping.aborted) {
      await leaveReport(m, report)
      return report.status
    }
  } finally {
    m.stopping.removeEventListener('abort', stop)
    m.active.delete(job)
  }
  return new Promise(() => {}) // left for the next start
}

/** It was cancelled before it began, or this attempt has ended and another one has begun. */
function isOver(row: MlJobRow, attempt: number): boolean {
  return jobHasEnded(row) || row.attempt !== attempt
}

async function runSteps(m: MlServiceContext, row: MlJobRow, signal: AbortSignal): Promise<JobReport> {
  const { job, pipeline, inputs } = row.request as JobSubmission
  const source = join(m.pipelines, pipeline.digest.replace(':', '-'))
  try {
    const { pipelineFile } = await publishedManifest(m, pipeline.digest)
    const plan = m.plan(source, pipelineFile, inputs)
    const { environments, datastores, cache, python } = await m.settingsOf(source)
    await announceSteps(
      m.db,
      job,
      plan.steps.map(({ name }, position) => ({ name, position, report: pendingReport(name) })),
    )
    const recorder = recorderOf(m, row, plan)
    const takeSlot = (asked: AbortSignal) => m.executor.takeSlot(asked, job)
    const warmPython = python.warm ?? false
    const request = { job, plan, directory: join(m.jobs, job), environments, datastores, warmPython }
    const report = await runJob({ ...m.executor, takeSlot }, request, { signal, onStep: recorder.note })
    for (const step of report.steps) recorder.note(step)
    await recorder.flush()
    await m.executor.cache.trim(cache.maxSize).catch(() => {})
    return report
  } catch (error) {
    if (isTransient(error) || m.stopping.aborted) throw error
    const { message } = errorDocument(error).error
    const status = signal.aborted ? 'cancelled' : 'failed'
    return { job, status, steps: [], outputs: {}, tracking: null, datasets: {}, error: message }
  }
}

/** Keeps the steps' states, and says that the job is running once a step is. */
function recorderOf(m: MlServiceContext, row: MlJobRow, plan: Plan): StepRecorder {
  const positions = new Map(plan.steps.map((step, position) => [step.name, position]))
  let isRunning = false
  return stepRecorder(async steps => {
    const begun = steps.some(({ status }) => status !== 'pending' && status !== 'preparing')
    if (begun && !isRunning) await advanceJob(m.db, row, { status: 'running' })
    isRunning ||= begun
    const rows = steps.map(report => ({ name: report.name, position: positions.get(report.name)!, report }))
    await recordSteps(m.db, row.name, rows)
  })
}

/** Registers what the job made, once, and records how it ended. */
async function finish(m: MlServiceContext, job: string, attempt: number): Promise<void> {
  const row = await requireJob(m, job)
  if (isOver(row, attempt)) return
  await advanceJob(m.db, row, { status: 'finalizing' })
  const { steps, ...report } = await leftReport(m, job)
  const metrics = await metricsOf(m, { ...report, steps })
  await recordUses(m.db, job, datasetsRead(report))
  const { model, error } = await register(m, row.request as JobSubmission, report, metrics)
  if (model) m.registered(model.name)
  failpoint('ml-job:registered')
  const status = report.status === 'completed' && error !== null ? 'failed' : report.status
  const full: MlJobReport = { ...report, status, error, model, metrics }
  await endJob(m.db, row, { status, message: error ?? status, ended_at: m.clock.now(), report: full })
}

/** Named outputs first: a job whose data can't be registered has no model either. */
async function register(
  m: MlServiceContext,
  submission: JobSubmission,
  report: Omit<JobReport, 'steps'>,
  metrics: Record<string, number>,
): Promise<Registered> {
  if (report.status !== 'completed') return { model: null, error: report.error }
  const refused = await registerData(m.datasets, report)
  failpoint('ml-job:data-registered')
  return refused === null
    ? registerModel(m.models, submission, report, metrics)
    : { model: null, error: refused }
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
  const { notify } = (await requireJob(m, job)).request as JobSubmission
  if (notify !== null) await m.notifyEnded(notify, job)
}

async function requireJob(m: MlServiceContext, job: string): Promise<MlJobRow> {
  const row = await findJob(m.db, job)
  if (!row) throw new Error(`ML job ${job} is not in the database`)
  return row
}

async function leaveReport(m: MlServiceContext, report: JobReport): Promise<void> {
  await mkdir(join(m.jobs, report.job), { recursive: true })
  await writeJson(reportFile(m, report.job), report, { durable: true })
}

async function leftReport(m: MlServiceContext, job: string): Promise<JobReport> {
  return JSON.parse(await readFile(reportFile(m, job), 'utf8')) as JobReport
}

function reportFile({ jobs }: MlServiceContext, job: string): string {
  return join(jobs, job, 'report.json')
}

async function publishedManifest(m: MlServiceContext, digest: string): Promise<{ pipelineFile: string }> {
  const row = await m.db
    .selectFrom('published_pipelines')
    .select('manifest')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
  return row.manifest as { pipelineFile: string }
}
