import { UserError } from '#errors.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import type { JobReport } from './job.ts'

/**
 * Registers the outputs of a completed job that have a name as datasets; called again, it finds what it registered.
 * Returns why one was refused, or null.
 */
export async function registerData(
  datasets: DatasetStore,
  report: Pick<JobReport, 'job' | 'assets'>,
): Promise<string | null> {
  try {
    for (const { output, name, version, path } of report.assets ?? []) {
      const origin = { job: report.job, output }
      await datasets.register(name, path, { origin, ...(version === null ? {} : { version }) })
    }
    return null
  } catch (error) {
    if (error instanceof UserError) return `an output can't be registered as a dataset: ${error.message}`
    throw error
  }
}

/** The registered datasets that a job read, by input. */
export function datasetsRead({
  datasets,
}: Pick<JobReport, 'datasets'>): { input: string; name: string; version: number }[] {
  return Object.entries(datasets).flatMap(([input, identity]) => {
    const [, name, version] = /^([^:]+):(\d+):/.exec(identity) ?? []
    return name === undefined ? [] : [{ input, name, version: Number(version) }]
  })
}
