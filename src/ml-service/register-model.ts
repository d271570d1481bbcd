import type { ModelVersion } from '#models/version.ts'
import type { JobSubmission } from '#ports/ml-service.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import type { JobReport } from './job.ts'

export interface Registered {
  /** Null when nothing was asked for, or when it can't be; then `error` says why. */
  model: ModelVersion | null
  error: string | null
}

/** Registers what a completed job made as a model version, once per job however often it is called. */
export async function registerModel(
  models: ModelRegistry,
  { job, register: wanted }: JobSubmission,
  report: Pick<JobReport, 'outputs' | 'datasets'>,
  metrics: Record<string, number>,
): Promise<Registered> {
  if (!wanted) return { model: null, error: null }
  const folder = report.outputs[wanted.output]
  if (!folder) return { model: null, error: noOutput(wanted.output) }
  const datasets = Object.values(report.datasets).sort().join(',')
  const numbers = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)]))
  const properties = { ...numbers, ...wanted.properties, dataset: datasets, ml_job: job }
  const model = await models.register({ name: wanted.model, job, folder, properties, tags: wanted.tags })
  return { model, error: null }
}

function noOutput(output: string): string {
  return `the pipeline has no output '${output}' to register as the model (train.model in model.yml)`
}
