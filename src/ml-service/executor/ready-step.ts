import type { PlannedStep } from '../plan.ts'
import type { JobContext } from './job-context.ts'
import { type ReadyInput, readyInputs } from './step-inputs.ts'
import { type KeyParts, keyParts, stepKey } from './step-key.ts'

/** A step that is about to be done, and what it depends on. */
export interface ReadyStep {
  step: PlannedStep
  inputs: Record<string, ReadyInput>
  parts: KeyParts
  key: string
}

/** Resolves the inputs of a step whose needs are met. Throws StageFailure or UserError for data that can't be had. */
export async function readyStep(job: JobContext, step: PlannedStep): Promise<ReadyStep> {
  const inputs = await readyInputs(job, step)
  const code = step.code === undefined ? undefined : (await job.code(step.code)).digest
  const identities = Object.entries(inputs).map(([name, input]) => [name, input.identity])
  const requirements = job.requirements(step)
  const parts = keyParts({ step, code, requirements, inputs: Object.fromEntries(identities) })
  return { step, inputs, parts, key: stepKey(parts) }
}
