import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { ComparisonResult } from './compare-models.ts'
import type { TrainingResult } from './run-ml-pipeline.ts'
import { readLeft, type StageInput, type StagePorts } from './stage.ts'

/** The model version that this run puts into an image: the one that its own job registered, if it was promoted. */
export interface ServedModel {
  name: string
  version: number
  digest: string
  /** Absolute path of the golden requests that the ML pipeline's scoring wrote, or null. */
  golden: string | null
}

export async function servedModel(input: StageInput, ports: StagePorts): Promise<ServedModel> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const training = await readLeft<TrainingResult>(input, 'run-ml-pipeline')
  const { verdict, reason } = await readLeft<ComparisonResult>(input, 'compare-models')
  if (verdict !== 'promote')
    throw new StageFailure(`version ${training.version} was not promoted: ${verdict} (${reason})`)
  const output = modelType.serve.golden && training.outputs[modelType.serve.golden]
  return {
    name: modelType.name,
    version: training.version,
    digest: training.digest,
    golden: output ? await goldenFile(output) : null,
  }
}

async function goldenFile(output: string): Promise<string | null> {
  for (const file of [join(output, 'golden.jsonl'), output]) {
    if (
      await stat(file).then(
        found => found.isFile(),
        () => false,
      )
    )
      return file
  }
  return null
}
