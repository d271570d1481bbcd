import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { findJob, jobHasEnded, recordJob, requestCancel } from '#database/ml-jobs.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import { ConflictError, NotFoundError, UserError } from '#errors.ts'
import type { MlJobReport } from '#ml-service/ml-pipeline.ts'
import { SETTINGS_FILE } from '#model-types/read-settings.ts'
import type { Clock } from '#ports/clock.ts'
import type { JobStatus, JobSubmission, MlService, PublishRequest } from '#ports/ml-service.ts'
import type { PipelineRunner, TreeFile } from '#ports/pipeline-runner.ts'
import { publishTree } from './publish-tree.ts'

export interface LocalMlServiceOptions {
  db: Kysely<Database>
  clock: Clock
  /** Folder of published pipelines, by digest. */
  pipelines: string
  runner: PipelineRunner
  /** Starts the job's workflow, once however often it is called. */
  start(job: string): Promise<void>
  /** Makes a cancel heard at once when the job runs in this process. */
  abort(job: string): void
}

/** The ML service on this machine: published pipelines are folders by digest, jobs are durable workflows. */
export function localMlService(options: LocalMlServiceOptions): MlService {
  const { db, clock } = options
  const require = async (job: string) => {
    const row = await findJob(db, job)
    if (row) return row
    throw new NotFoundError('no-such-job', `there is no ML job '${job}'`, {
      hint: 'see `millwright ml job list`',
    })
  }
  return {
    async publish(request) {
      const { name, pipelineFile } = request
      const files = await filesOf(options.runner, request)
      const { version, digest } = await publishTree(options, { name, pipelineFile, files })
      return { name, version, digest }
    },
    async submit(submission) {
      refuseName(submission.job)
      const isNew = await recordJob(db, submission.job, submission)
      if (!isNew) refuseOther(submission, (await require(submission.job)).request as JobSubmission)
      await options.start(submission.job)
    },
    status: async job => statusOf(await require(job)),
    async result(job) {
      const row = await require(job)
      const report = row.report as MlJobReport | null
      return {
        ...statusOf(row),
        outputs: report?.outputs ?? {},
        model: report?.model ?? null,
        metrics: report?.metrics ?? {},
      }
    },
    async cancel(job) {
      await require(job)
      await requestCancel(db, job, clock.now())
      options.abort(job)
      while (!jobHasEnded(await require(job))) await clock.sleep(0.1)
    },
  }
}

/** The same name is the same job; another job under it would be mistaken for this one. */
function refuseOther(asked: JobSubmission, known: JobSubmission): void {
  const essence = ({ pipeline, inputs, register }: JobSubmission) =>
    JSON.stringify([
      pipeline.digest,
      Object.entries(inputs).sort(),
      register && [register.model, register.properties.commit],
    ])
  if (essence(asked) === essence(known)) return
  throw new ConflictError(
    'job-name-taken',
    `the ML job '${asked.job}' was submitted before with other content`,
    { hint: 'choose another name, or another build id' },
  )
}

/** A job's name becomes a folder's. */
function refuseName(job: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(job)) return
  throw new UserError('bad-job-name', `'${job}' can't be the name of a job`, {
    hint: 'use letters, digits, dots, underscores and hyphens, at most 255',
  })
}

function statusOf({ name, status, message }: MlJobRow): JobStatus {
  return { job: name, status, message }
}

/** Everything the pipeline is made of, the environment map included. */
async function filesOf(
  runner: PipelineRunner,
  { source, pipelineFile, inputs }: PublishRequest,
): Promise<TreeFile[]> {
  const files = await runner.files(source, pipelineFile, inputs)
  const settings = { path: SETTINGS_FILE, from: join(source, SETTINGS_FILE) }
  const shared = existsSync(settings.from) ? [settings] : []
  return [...files.filter(({ path }) => path !== SETTINGS_FILE), ...shared]
}
