import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Kysely } from 'kysely'
import { findJob, recordJob, updateJob } from '#database/ml-jobs.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import { ConflictError, NotFoundError } from '#errors.ts'
import type { MlJobReport } from '#ml-service/ml-pipeline.ts'
import { SETTINGS_FILE } from '#model-types/read-settings.ts'
import { filesDigest } from '#models/digest.ts'
import type { Clock } from '#ports/clock.ts'
import type { JobStatus, JobSubmission, MlService, PublishRequest } from '#ports/ml-service.ts'
import type { PipelineRunner } from '#ports/pipeline-runner.ts'
import { fileDigests } from './file-digests.ts'

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
      const { digest, files } = await filesOf(options.runner, request)
      await copyOnce(request.source, files, join(options.pipelines, digest.replace(':', '-')))
      await db
        .insertInto('published_pipelines')
        .values({
          name: request.name,
          digest,
          manifest: JSON.stringify({ pipelineFile: request.pipelineFile, files }),
        })
        .onConflict(oc => oc.doNothing())
        .execute()
      return { name: request.name, digest }
    },
    async submit(submission) {
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
      await updateJob(db, job, { cancel_requested_at: clock.now() })
      options.abort(job)
      while (!['completed', 'failed', 'cancelled'].includes((await require(job)).status))
        await clock.sleep(0.1)
    },
  }
}

/** The same name is the same job; another job under it would be mistaken for this one. */
function refuseOther(asked: JobSubmission, known: JobSubmission): void {
  const essence = ({ pipeline, inputs, register }: JobSubmission) =>
    JSON.stringify([pipeline.digest, Object.entries(inputs).sort(), register.properties.commit])
  if (essence(asked) === essence(known)) return
  throw new ConflictError(
    'job-name-taken',
    `the ML job '${asked.job}' was submitted before with other content`,
    {
      hint: 'give another build id',
    },
  )
}

function statusOf({ name, status, message }: MlJobRow): JobStatus {
  return { job: name, status, message }
}

/** Everything the pipeline is made of, the environment map included. */
async function filesOf(
  runner: PipelineRunner,
  { source, pipelineFile, inputs }: PublishRequest,
): Promise<{ digest: string; files: string[] }> {
  const files = await runner.files(source, pipelineFile, inputs)
  const shared = existsSync(join(source, SETTINGS_FILE)) ? [SETTINGS_FILE] : []
  const all = [...new Set([...files, ...shared])].sort()
  return { digest: filesDigest(await fileDigests(source, all)), files: all }
}

async function copyOnce(source: string, files: string[], target: string): Promise<void> {
  if (existsSync(target)) return
  const partial = `${target}.${process.pid}.partial`
  await rm(partial, { recursive: true, force: true })
  for (const file of files) {
    await mkdir(dirname(join(partial, file)), { recursive: true })
    await cp(join(source, file), join(partial, file))
  }
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }))
}
