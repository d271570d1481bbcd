import { parseDatasetReference } from '#datasets/dataset.ts'
import { CancelledError, StageFailure } from '#errors.ts'
import type { JobOutcome, PublishedPipeline } from '#ports/ml-service.ts'

import { readLeft, type StageInput, type StageOutput, type StagePorts } from './stage.ts'

/** What `run-ml-pipeline` leaves for the stages after it. */
export interface TrainingResult extends Record<string, unknown> {
  job: string
  /** The version that this very job registered. */
  version: number
  digest: string
  outputs: Record<string, string>
  metrics: Record<string, number>
}

/**
 * First half of `run-ml-pipeline`: submits the job under a name derived from the run, so that a second submit finds
 * it. The orchestrator then waits without an agent until the job ends. `notify` comes back with the completion.
 */
export async function submitTraining(
  input: StageInput,
  ports: StagePorts,
  notify: string | null,
): Promise<string> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const pipeline = await readLeft<PublishedPipeline>(input, 'publish-ml-pipeline')
  const job = jobName(input)
  await ports.mlService.submit({
    job,
    pipeline: { name: pipeline.name, version: pipeline.version, digest: pipeline.digest },
    inputs: trainingInputs(modelType.train.inputs, input.run.dataset),
    notify,
    register: {
      model: modelType.name,
      output: modelType.train.model,
      properties: {
        build_id: String(input.run.buildId),
        build_source: `${input.run.pipeline}:${input.run.trigger}`,
        commit: input.run.commit,
        pipeline_digest: pipeline.digest,
      },
      tags: {},
    },
  })
  input.log(`submitted ML job ${job}`)
  return job
}

/** Second half: what the ended job left. A failed job fails the stage, a cancelled one cancels it. */
export async function collectTraining(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const outcome = await ports.mlService.result(jobName(input))
  if (outcome.status === 'cancelled') throw new CancelledError(`ML job ${outcome.job} was cancelled`)
  if (outcome.status !== 'completed')
    throw new StageFailure(`ML job ${outcome.job} failed: ${outcome.message}`, {
      hint: `millwright ml job show ${outcome.job}`,
    })
  return { summary: summary(outcome), detail: result(outcome) }
}

/** The job's name: the same for every attempt of the same run. */
export function jobName({ modelType, run }: { modelType: string; run: { buildId: number } }): string {
  return `${modelType}-${run.buildId}`
}

/** Pins the dataset that the run was started with into every input that reads that dataset. */
function trainingInputs(inputs: Record<string, string>, dataset: string | null): Record<string, string> {
  const pinned = dataset ? parseDatasetReference(dataset) : undefined
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const reads = value.startsWith('azureml:') ? parseDatasetReference(value) : undefined
      return [
        name,
        pinned && reads?.name === pinned.name ? `azureml:${pinned.name}:${pinned.version}` : value,
      ]
    }),
  )
}

function result(outcome: JobOutcome): TrainingResult {
  if (!outcome.model) throw new StageFailure(`ML job ${outcome.job} registered no model`)
  const { job, model, outputs, metrics } = outcome
  return { job, version: model.version, digest: model.digest, outputs, metrics }
}

function summary({ model, job }: JobOutcome): string {
  return `${job} registered ${model?.name} version ${model?.version}`
}
