import { CancelledError } from '#errors.ts'
import type { CommandResult } from '#ports/command-runner.ts'
import type { TrackedRun } from '#ports/tracking.ts'
import type { PlannedStep } from '../plan.ts'
import type { JobContext } from './job-context.ts'
import type { RunStatus } from './job-tracking.ts'
import type { ReadyInput } from './step-inputs.ts'

/** One run of a command: a step's own, or a trial's. */
export interface Execution {
  /** Command, inputs and outputs; the name is also that of the folder below `steps/`. */
  step: PlannedStep
  inputs: Record<string, ReadyInput>
  /** What messages call it, e.g. `step 'train'`. */
  label: string
  /** Ends it. Is aborted with the job's signal at the latest. */
  signal: AbortSignal
  run: Promise<TrackedRun> | undefined
  /** Its metrics are needed: it waits for the tracking service, whatever the command looks like. */
  mustTrack: boolean
  onRunning(): void
}

/**
 * Does the work of an execution with its tracking run around it. The executor's status of the run wins, also when the
 * command itself ended the run.
 */
export async function insideRun<T>(
  job: JobContext,
  { step, run, signal }: Pick<Execution, 'step' | 'run' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  run?.catch(() => {})
  let ended: RunStatus = 'FAILED'
  try {
    const result = await work()
    ended = 'FINISHED'
    return result
  } catch (error) {
    if (signal.aborted) ended = 'KILLED'
    throw error
  } finally {
    if (run) job.tracking?.endStep(step.name, run, ended)
  }
}

/** A command ran and didn't succeed. */
export class StepEnd extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Throws StepEnd when the command didn't succeed, CancelledError when it was ended on request. */
export function assertSucceeded({ label, step }: Execution, result: CommandResult): void {
  const { reason, exitCode, killedBy, outOfMemory } = result
  if (reason === 'cancelled') throw new CancelledError()
  if (reason === 'timed-out') {
    throw new StepEnd(exitCode, `${label} was stopped after its limit of ${step.timeoutSeconds} s`)
  }
  if (exitCode === 0) return
  const signal = outOfMemory ? `${killedBy}: the machine or its limit ran out of memory` : killedBy
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`
  throw new StepEnd(exitCode, `${label} ${how}`)
}
