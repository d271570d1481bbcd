import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Kysely } from 'kysely'
import { findJob } from '#database/ml-jobs.ts'
import { stepsOf } from '#database/ml-steps.ts'
import type { Database, MlJobRow } from '#database/schema.ts'
import { NotFoundError } from '#errors.ts'
import type { JobReport, StepReport } from '#ml-service/job.ts'

/** What earlier jobs left, by the addresses of Azure ML and MLflow. */
export interface JobData {
  /**
   * Path of `azureml://jobs/<job>/outputs/<output>[/paths/<path>]` (also with the long workspace prefix; a step's job is
   * `<job>.<step>`, its output `artifacts` is what it left in `outputs` and `logs`), or of `runs:/<run>/<path>`, where
   * the run is a step's job or an MLflow run. Undefined for other addresses. Throws NotFoundError.
   */
  find(address: string): Promise<string | undefined>
}

export function jobData(options: { db: Kysely<Database>; jobs: string; mlflowArtifacts: string }): JobData {
  const { db, jobs, mlflowArtifacts } = options
  return {
    async find(address) {
      const [, job, output, path = ''] =
        /^azureml:\/\/(?:.+\/)?jobs\/([^/]+)\/outputs\/([^/]+)(?:\/paths)?(?:\/(.*))?$/.exec(address) ?? []
      if (job !== undefined) return within(await outputOf(job, output!), path, address)
      const [, run, artifact = ''] = /^runs:\/+([^/]+)(?:\/(.*))?$/.exec(address) ?? []
      return run === undefined ? undefined : within(await artifactsOf(run, address), artifact, address)
    },
  }

  async function outputOf(name: string, output: string): Promise<string> {
    const { row, step } = await jobOf(name)
    const found = step === undefined ? outputsOf(row) : await outputsOfStep(row, step)
    if (step !== undefined && ['artifacts', 'default'].includes(output))
      return artifactsFolder(row.name, step)
    if (found[output] !== undefined) return found[output]
    const known = Object.keys(found).join(', ') || 'none'
    throw new NotFoundError('no-such-output', `job ${name} left no output '${output}'; it has: ${known}`, {
      hint: `see \`millwright ml job show ${row.name}\``,
    })
  }

  async function artifactsOf(run: string, address: string): Promise<string> {
    if (/^[0-9a-f]{32}$/.test(run)) {
      for (const experiment of await readdir(mlflowArtifacts).catch(() => [])) {
        const folder = join(mlflowArtifacts, experiment, run, 'artifacts')
        if (await stat(folder).catch(() => undefined)) return folder
      }
    }
    const { row, step } = await jobOf(run)
    if (step === undefined) throw nothingAt(address)
    return artifactsFolder(row.name, step)
  }

  /** Names of steps may have dots, too: the longest job's name wins. */
  async function jobOf(name: string): Promise<{ row: MlJobRow; step: string | undefined }> {
    for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
      const row = await findJob(db, name.slice(0, end))
      if (row) return { row, step: end === name.length ? undefined : name.slice(end + 1) }
    }
    throw new NotFoundError('no-such-job', `there is no ML job '${name}'`, {
      hint: 'see `millwright ml job list`',
    })
  }

  function artifactsFolder(job: string, step: string): string {
    return join(jobs, job, 'steps', step, 'artifacts')
  }

  async function outputsOfStep(row: MlJobRow, name: string): Promise<Record<string, string>> {
    const steps = (row.report as JobReport | null)?.steps ?? ((await stepsOf(db, row.name)) as StepReport[])
    const step = steps.find(found => found.name === name)
    if (step?.status === 'completed') return step.outputs
    throw new NotFoundError('no-such-output', `job ${row.name} has no completed step '${name}'`, {
      hint: `see \`millwright ml job show ${row.name}\``,
    })
  }
}

function outputsOf({ report }: MlJobRow): Record<string, string> {
  return (report as JobReport | null)?.outputs ?? {}
}

/** A path of an address stays in the folder that it is relative to, also through links. */
async function within(folder: string, path: string, address: string): Promise<string> {
  const root = await realpath(folder).catch(() => undefined)
  const found = root && (await realpath(join(root, path)).catch(() => undefined))
  if (root && found && (found === root || found.startsWith(root + sep))) return found
  throw nothingAt(address)
}

function nothingAt(address: string): NotFoundError {
  return new NotFoundError('no-such-output', `there is nothing at ${address}`, {
    hint: 'see `millwright ml job show <job>`',
  })
}
