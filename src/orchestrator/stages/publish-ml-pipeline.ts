import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/** `publish-ml-pipeline`: gives the ML service an immutable copy of the pipeline; the same files give the same one. */
export async function publishMlPipeline(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const published = await ports.mlService.publish({
    name: modelType.name,
    source: input.source,
    pipelineFile: modelType.pipeline,
    inputs: modelType.train.inputs,
  })
  return { summary: `${published.name}@${published.digest.slice(0, 19)}`, detail: { ...published } }
}
