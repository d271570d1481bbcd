import type { Config } from '#config.ts'
import { explainStep, type StepExplanation } from '#ml-service/explain-step.ts'
import { composeTools } from './tools.ts'

/** Explains a step of a job that `ml run` ran, from the job's folder and this home's cache. */
export function explainStepOfFolder(
  config: Config,
  directory: string,
  step: string,
): Promise<StepExplanation> {
  return explainStep(directory, step, composeTools(config).cache)
}
