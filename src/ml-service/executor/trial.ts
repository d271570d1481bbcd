import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TrialReport } from '../job.ts'
import type { PlannedStep, Sweep } from '../plan.ts'
import type { TrialValues } from '../sweep/sample-trials.ts'
import type { JobContext, StepOutput } from './job-context.ts'
import type { ReadyStep } from './ready-step.ts'
import { stepKey } from './step-key.ts'

/** Where the trials of a step lie, in its folder. */
export const TRIALS = 'trials'

/** A trial of a sweep, and what is known about it. */
export interface Trial {
  /** The trial as a step of its own, in a folder below the sweep's. */
  ready: ReadyStep
  report: TrialReport
  /** Values of the primary metric, in order. */
  history: readonly number[]
  /** How many of them the early termination policy has judged. */
  judged: number
  runId: string | undefined
  /** Aborted with the reason when the policy stops it. */
  stop: AbortController
}

/** What is kept of an ended trial in its folder (`record.json`), for a call that goes on with the job. */
export interface TrialRecord {
  format: 1
  job: string
  key: string
  report: TrialReport
  history: readonly number[]
  outputs: Record<string, StepOutput>
  runId: string | null
}

export function createTrial(
  job: JobContext,
  sweep: { ready: ReadyStep; sweep: Sweep },
  { number, values }: { number: number; values: TrialValues },
): Trial {
  const ready = readyTrial(sweep.ready, sweep.sweep, { number, values })
  const log = join(job.folder.directory, job.folder.step(ready.step.name).log)
  if (job.artifactsWanted.has(sweep.ready.step.name)) job.artifactsWanted.add(ready.step.name)
  const report = { trial: number, status: 'pending', values, metric: null, best: false } as const
  const ending = { exitCode: null, message: null, startedAt: null, endedAt: null }
  return {
    ready,
    report: { ...report, ...ending, log },
    history: [],
    judged: 0,
    runId: undefined,
    stop: new AbortController(),
  }
}

function readyTrial(
  { step, inputs, parts }: ReadyStep,
  { limits }: Sweep,
  { number, values }: { number: number; values: TrialValues },
): ReadyStep {
  const sampled = Object.entries(values).map(([name, text]) => {
    return [name, { text, literal: true, identity: text }] as const
  })
  const digest = createHash('sha256').update(JSON.stringify(values)).digest('hex')
  const own = { ...parts, trial: `sha256:${digest}` }
  return {
    step: trialStep(step, number, limits.trialTimeoutSeconds),
    inputs: { ...inputs, ...Object.fromEntries(sampled) },
    parts: own,
    texts: {},
    key: stepKey(own),
    reuse: 'no-match',
  }
}

/** Its outputs stay in its own folder: only the best trial's go where the step's belong. */
function trialStep(step: PlannedStep, number: number, timeoutSeconds: number | undefined): PlannedStep {
  const { sweep, ...plain } = step
  const outputs = Object.entries(step.outputs).map(([name, { type }]) => {
    return [name, { type, path: undefined }] as const
  })
  return {
    ...plain,
    name: `${step.name}/${TRIALS}/${number}`,
    command: step.command.replace(/\$\{\{\s*search_space\.([\w.-]+)\s*\}\}/g, '${{inputs.$1}}'),
    outputs: Object.fromEntries(outputs),
    timeoutSeconds,
  }
}
