import type { PublishedPipeline } from '#ports/ml-service.ts'
import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/** What `publish-ml-pipeline` leaves. */
export interface Publication extends PublishedPipeline, Record<string, unknown> {
  /** The version that is best already and was made by this very pipeline: there is nothing to train. Else null. */
  repackaged: number | null
}

/** `publish-ml-pipeline`: gives the ML service an immutable copy of the pipeline; the same files give the same one. */
export async function publishMlPipeline(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const published = await ports.mlService.publish({
    name: modelType.name,
    source: input.source,
    pipelineFile: modelType.pipeline,
    inputs: modelType.train.inputs,
  })
  const repackaged = input.run.onlyServe ? await bestMadeBy(published, input, ports) : null
  const detail: Publication = { ...published, repackaged }
  const name = `${published.name}:${published.version} (${published.digest.slice(0, 19)})`
  return { summary: repackaged ? `${name}, which made the best version ${repackaged} already` : name, detail }
}

async function bestMadeBy(
  pipeline: PublishedPipeline,
  { run }: StageInput,
  { models }: StagePorts,
): Promise<number | null> {
  const { best } = await models.champions.current(pipeline.name, run.environment)
  if (best === null) return null
  const [version] = await models.versions({ model: pipeline.name, version: best })
  return version?.properties.pipeline_digest === pipeline.digest ? best : null
}
