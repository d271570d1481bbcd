import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { ModelVersion } from '#models/version.ts'
import type { ComparisonResult } from './compare-models.ts'
import type { Publication } from './publish-ml-pipeline.ts'
import type { TrainingResult } from './run-ml-pipeline.ts'
import { readLeft, type StageInput, type StagePorts } from './stage.ts'

/** The model version that this run puts into an image. */
export interface ServedModel {
  name: string
  version: number
  digest: string
  /** Absolute path of the golden requests that the ML pipeline's scoring wrote, or null. */
  golden: string | null
}

/**
 * The version that this run's own job registered, if it was promoted; or the current best, when only the service has
 * changed. Throws StageFailure for a version that was not promoted.
 */
export async function servedModel(input: StageInput, ports: StagePorts): Promise<ServedModel> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const { repackaged } = await readLeft<Publication>(input, 'publish-ml-pipeline')
  const version = repackaged ?? (await promotedVersion(input))
  const [model] = await ports.models.versions({ model: modelType.name, version })
  if (!model) throw new StageFailure(`${modelType.name} has no version ${version}`)
  const { name, digest } = model
  return { name, version, digest, golden: await goldenOf(model, modelType.serve.golden, ports) }
}

async function promotedVersion(input: StageInput): Promise<number> {
  const { version } = await readLeft<TrainingResult>(input, 'run-ml-pipeline')
  const { verdict, reason } = await readLeft<ComparisonResult>(input, 'compare-models')
  if (verdict === 'promote') return version
  throw new StageFailure(`version ${version} was not promoted: ${verdict} (${reason})`)
}

/** The golden requests that the version's own ML job wrote. */
async function goldenOf(
  model: ModelVersion,
  output: string | null,
  { mlService }: StagePorts,
): Promise<string | null> {
  const { ml_job: job } = model.properties
  if (!output || !job) return null
  const { outputs } = await mlService.result(job)
  const path = outputs[output]
  for (const file of path ? [join(path, 'golden.jsonl'), path] : []) {
    if (await isFile(file)) return file
  }
  return null
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  )
}
