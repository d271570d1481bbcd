import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#errors.ts'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import { api, type Client } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { jobView } from '../../print/ml-job.ts'
import { show } from '../../print/show.ts'
import { stepProgress } from '../../print/step-progress.ts'

/** Shows a job, with `wait` only once it has ended; then the exit code says how. */
export async function showJob(
  invocation: Invocation,
  client: Client,
  job: MlJobDocument,
  wait: boolean,
): Promise<ExitCode> {
  if (!wait) return show(invocation, job, jobView)
  const ended = await untilJobEnded(client, job, stepProgress(invocation.terminal))
  show(invocation, ended, jobView)
  return ended.status === 'completed' ? 0 : 3
}

/** Looks at the job until it has ended. Survives restarts of the server that take less than a minute. */
async function untilJobEnded(
  client: Client,
  job: MlJobDocument,
  onStep: (step: MlJobDocument['steps'][number]) => void,
): Promise<MlJobDocument> {
  let latest = job
  for (let lastHeard = Date.now(); ; await sleep(latest.steps.length > 200 ? 2000 : 400)) {
    try {
      latest = await client.get<MlJobDocument>(api`/api/ml/jobs/${job.job}`)
      lastHeard = Date.now()
    } catch (error) {
      if (isForGood(error) || Date.now() - lastHeard > 60_000) throw error
    }
    for (const step of latest.steps) onStep(step)
    if (jobHasEnded(latest)) return latest
  }
}

export function jobHasEnded({ status }: Pick<MlJobDocument, 'status'>): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

function isForGood(error: unknown): boolean {
  return error instanceof UserError && error.code !== 'no-server'
}
