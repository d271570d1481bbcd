import type { PlannedStep } from '../plan.ts'
import type { JobContext } from './job-context.ts'
import type { Reuse } from './record.ts'
import { type ReadyInput, readyInputs } from './step-inputs.ts'
import { type KeyParts, keyParts, keyTexts, stepKey } from './step-key.ts'

/** A step that is about to be done, and what it depends on. */
export interface ReadyStep {
  step: PlannedStep
  inputs: Record<string, ReadyInput>
  parts: KeyParts
  texts: Record<string, string>
  key: string
  /** Known once it was tried. */
  reuse: Reuse
}

/** Resolves the inputs of a step whose needs are met. Throws StageFailure or UserError for data that can't be had. */
export async function readyStep(job: JobContext, step: PlannedStep): Promise<ReadyStep> {
  const inputs = await readyInputs(job, step)
  const code = step.code === undefined ? undefined : (await job.code(step.code)).digest
  const identities = Object.entries(inputs).map(([name, input]) => [name, input.identity])
  const requirements = job.requirements(step)
  const facts = { step, code, requirements, inputs: Object.fromEntries(identities) }
  const parts = keyParts(facts)
  return { step, inputs, parts, texts: keyTexts(facts), key: stepKey(parts), reuse: 'no-match' }
}
