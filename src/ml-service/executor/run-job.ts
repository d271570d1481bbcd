import { join } from 'node:path'
import type { ExecutorPorts, JobListener, JobReport, JobRequest, OutputAsset, StepReport } from '../job.ts'
import type { PlannedStep, StepInput } from '../plan.ts'
import { type JobContext, openJob, pinName } from './job-context.ts'
import { preflight } from './preflight.ts'
import { runStep } from './run-step.ts'
import { runGraph } from './schedule.ts'

/**
 * Runs a plan's steps and reports how they ended; a failed or cancelled job is a report, not an error. Called again
 * with the same job and folder it goes on from the last finished step. Throws UserError, before anything is run, for
 * an unknown environment or dataset and for missing data.
 */
export async function runJob(
  ports: ExecutorPorts,
  request: JobRequest,
  options: { signal: AbortSignal; onStep: JobListener },
): Promise<JobReport> {
  const failure = new AbortController()
  const signal = AbortSignal.any([options.signal, failure.signal])
  const job = await openJob(ports, request, { signal, onStep: options.onStep })
  try {
    await preflight(job)
    const stopOnFailure = !request.plan.settings.continueOnStepFailure
    const unstarted = await runSteps(job, { fail: () => stopOnFailure && failure.abort(), failure })
    for (const step of unstarted) {
      job.update(step.name, { status: options.signal.aborted ? 'cancelled' : 'skipped' })
    }
    return await report(job, options.signal.aborted)
  } finally {
    await job.settled()
    await job.folder.dispose()
  }
}

/** When one step meets a fault of ours, the others are stopped, and it is thrown once nothing runs any more. */
async function runSteps(
  job: JobContext,
  stop: { fail(): void; failure: AbortController },
): Promise<PlannedStep[]> {
  const run = async (step: PlannedStep) => {
    try {
      const succeeded = await runStep(job, step)
      if (!succeeded) stop.fail()
      return succeeded
    } catch (error) {
      stop.failure.abort()
      throw error
    }
  }
  return runGraph(job.request.plan.steps, run, () => job.signal.aborted)
}

async function report(job: JobContext, cancelled: boolean): Promise<JobReport> {
  const steps = [...job.reports.values()]
  const completed = steps.every(step => step.status === 'completed')
  const status = completed ? 'completed' : cancelled ? 'cancelled' : 'failed'
  const runStatus = { completed: 'FINISHED', failed: 'FAILED', cancelled: 'KILLED' } as const
  return {
    job: job.request.job,
    status,
    steps,
    outputs: pipelineOutputs(job),
    tracking: (await job.tracking?.finish(runStatus[status])) ?? null,
    datasets: datasetsRead(job),
    assets: completed ? namedOutputs(job) : [],
    error: status === 'completed' ? null : reason(steps, status),
  }
}

function pipelineOutputs(job: JobContext): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const [name, { step, output }] of Object.entries(job.request.plan.outputs)) {
    const found = job.outputs.get(step)?.[output]
    if (found) outputs[name] = join(job.folder.directory, found.path)
  }
  return outputs
}

/** A name that the file gives to an output makes it an asset; a step that left nothing there made none. */
function namedOutputs(job: JobContext): OutputAsset[] {
  return job.request.plan.steps.flatMap(step =>
    Object.entries(step.outputs).flatMap(([output, { name, version }]) => {
      const made = job.outputs.get(step.name)?.[output]
      if (name === undefined || made === undefined) return []
      const path = join(job.folder.directory, made.path)
      return [{ output: `${step.name}.${output}`, name, version: version ? Number(version) : null, path }]
    }),
  )
}

/** By pipeline input; a dataset that only a step names stands under `step.input`. */
function datasetsRead(job: JobContext): Record<string, string> {
  const { inputs, steps } = job.request.plan
  const own = Object.entries(inputs)
  const given = new Set(own.map(([, input]) => datasetOf(input)))
  const inSteps = steps.flatMap(step =>
    Object.entries(step.inputs)
      .filter(([, input]) => !given.has(datasetOf(input)))
      .map(([name, input]) => [`${step.name}.${name}`, input] as const),
  )
  const named = [...inSteps, ...own].map(([name, input]) => [name, identityOf(job, input)] as const)
  return Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function datasetOf(input: StepInput): string | undefined {
  return input.kind === 'data' && input.source.kind === 'dataset' ? input.source.value : undefined
}

function identityOf(job: JobContext, input: StepInput): string | undefined {
  const dataset = datasetOf(input)
  if (dataset === undefined || input.kind !== 'data') return undefined
  return job.state.data[pinName(dataset, input.type)]?.identity
}

function reason(steps: StepReport[], status: JobReport['status']): string {
  if (status === 'cancelled') return 'the job was cancelled'
  const failure = steps.find(step => step.status === 'failed')
  return failure?.error ?? 'a step did not complete'
}
