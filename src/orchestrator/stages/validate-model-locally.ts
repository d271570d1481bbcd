import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { PipelineReport } from '#ports/pipeline-runner.ts'
import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/**
 * `local-model-validation`: the whole ML pipeline on the model type's sample data, in this agent, without the ML
 * service and without registering anything.
 */
export async function validateModelLocally(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType, settings } = await ports.readModelType(input.source, input.modelType)
  const report = await ports.pipelines.run({
    name: `${modelType.name}-${input.run.buildId}-validation`,
    source: input.source,
    file: modelType.pipeline,
    inputs: modelType.sample,
    directory: join(input.out, 'local-model-validation'),
    environments: settings.environments,
    warmPython: settings.python.warm,
    datastores: settings.datastores,
    trusted: input.run.pipeline !== 'pr',
    signal: input.signal,
    log: input.log,
  })
  if (report.status === 'cancelled') input.signal.throwIfAborted()
  if (report.status !== 'completed')
    throw new StageFailure(failureOf(report), { hint: 'the output of the step is in the log of this stage' })
  const reused = report.steps.filter(step => step.reused).length
  const steps = report.steps.map(({ name, status, reused: was }) => ({ name, status, reused: was }))
  return {
    summary: `${steps.length} steps ran on the sample data${reused ? `, ${reused} of them reused` : ''}`,
    detail: { steps },
  }
}

function failureOf(report: PipelineReport): string {
  const failed = report.steps.find(step => step.status === 'failed')
  return failed
    ? `step '${failed.name}' failed: ${failed.error ?? 'no reason given'}`
    : (report.error ?? 'the pipeline failed')
}
