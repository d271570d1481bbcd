import { join } from 'node:path'
import type { TrackedRun } from '#ports/tracking.ts'
import type { PlannedStep } from '../plan.ts'
import type { JobContext } from './job-context.ts'
import type { ReadyInput } from './step-inputs.ts'

/** What a step's process finds in its environment. Paths are absolute. */
export interface ProcessFacts {
  step: PlannedStep
  work: string
  inputs: Record<string, ReadyInput>
  outputs: Record<string, string>
  /** The Python environment's folder. */
  python: string
  run: TrackedRun | undefined
}

/**
 * Later entries win: what is inherited, the Python environment, Azure ML's variables, the image's, the step's own. The workspace's
 * endpoint and token are left out on purpose: with them, `azureml.core` would try to call Azure.
 */
export function processEnvironment(job: JobContext, facts: ProcessFacts): Record<string, string> {
  const { step, run } = facts
  return {
    ...job.ports.env,
    ...pythonVariables(job, facts),
    ...identityVariables(job, facts),
    ...dataVariables(facts),
    ...run?.env,
    ...ownVariables(job, step),
  }
}

/** The part of {@link processEnvironment} that is known before the step's folders are: what Python starts with. */
export function startEnvironment(
  job: JobContext,
  step: PlannedStep,
  python: string,
  run: TrackedRun | undefined,
): Record<string, string> {
  return {
    ...job.ports.env,
    ...pythonVariables(job, { python }),
    ...run?.env,
    ...ownVariables(job, step),
  }
}

/** What environment and step set; listings are sorted also for a step with a PYTHONPATH of its own. */
function ownVariables(job: JobContext, step: PlannedStep): Record<string, string> {
  const own = { ...job.requirements(step).variables, ...step.environmentVariables }
  return own.PYTHONPATH ? { ...own, PYTHONPATH: `${job.sortedListing()}:${own.PYTHONPATH}` } : own
}

function pythonVariables(job: JobContext, { python }: Pick<ProcessFacts, 'python'>): Record<string, string> {
  return {
    PATH: `${join(python, 'bin')}:${job.ports.env.PATH ?? '/usr/bin:/bin'}`,
    VIRTUAL_ENV: python,
    PYTHONPATH: job.sortedListing(),
    PYTHONUNBUFFERED: '1',
  }
}

function identityVariables(job: JobContext, { step, work, run }: ProcessFacts): Record<string, string> {
  const { request } = job
  return {
    AZUREML_RUN_ID: run?.runId ?? `${request.job}.${step.name}`,
    AZUREML_ROOT_RUN_ID: job.state.run?.runId ?? request.job,
    AZUREML_EXPERIMENT_NAME: request.plan.experiment,
    ...(run ? { AZUREML_EXPERIMENT_ID: run.experimentId } : {}),
    AZUREML_CR_EXECUTION_WORKING_DIR_PATH: work,
    AZUREML_CR_DATA_CAPABILITY_PATH: join(job.folder.root, job.folder.step(step.name).inputs),
    AZUREML_CR_NODE_RANK: '0',
  }
}

function dataVariables({ inputs, outputs }: ProcessFacts): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, { text, literal }] of Object.entries(inputs)) {
    variables[`AZURE_ML_INPUT_${name}`] = text
    variables[`${literal ? 'AZUREML_PARAMETER' : 'AZUREML_DATAREFERENCE'}_${name}`] = text
  }
  for (const [name, path] of Object.entries(outputs)) {
    variables[`AZURE_ML_OUTPUT_${name}`] = path
    variables[`AZUREML_DATAREFERENCE_${name}`] = path
  }
  return variables
}
