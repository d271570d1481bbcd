import { availableParallelism } from 'node:os'
import { CancelledError } from '#errors.ts'
import type { TrackedRun } from '#ports/tracking.ts'
import type { Sweep } from '../plan.ts'
import { chooseTrial } from './choose-trial.ts'
import type { JobContext } from './job-context.ts'
import type { ReadyStep } from './ready-step.ts'
import { runTrial } from './run-trial.ts'
import { openSweep, type SweepRun } from './sweep-run.ts'
import { watchTrials } from './watch-trials.ts'

/**
 * Runs a sweep's trials, so many at once, and makes the outputs of the best the step's. At the sweep's time limit
 * running trials are ended, and the best of those that completed counts. Throws StageFailure when there is no best one.
 */
export async function performSweep(
  job: JobContext,
  ready: ReadyStep,
  { sweep, run }: { sweep: Sweep; run: Promise<TrackedRun> | undefined },
): Promise<void> {
  const s = openSweep(job, ready, { sweep, run })
  const endWatch = watchTrials(s)
  try {
    await runTrials(s)
  } finally {
    s.close()
    s.tell()
    await endWatch()
  }
  if (job.signal.aborted) throw new CancelledError()
  await chooseTrial(s)
  s.tell()
}

/** By default all trials run at once; so many are begun, the others would only wait for a slot. */
const MOST_AT_ONCE = Math.max(32, availableParallelism())

/** The first fault ends all trials, and is thrown once nothing runs any more. */
async function runTrials(s: SweepRun): Promise<void> {
  const waiting = s.trials.values()
  const faults: unknown[] = []
  const work = async () => {
    for (const trial of waiting) {
      if (s.signal.aborted) s.update(trial, { status: 'cancelled' })
      else await runTrial(s, trial).catch(fault)
    }
  }
  function fault(error: unknown): void {
    faults.push(error)
    s.abort()
  }
  const wanted = Math.min(s.sweep.limits.concurrentTrials, s.trials.length, MOST_AT_ONCE)
  const count = Math.max(1, wanted)
  await Promise.all(Array.from({ length: count }, work))
  if (faults.length > 0 && !s.job.signal.aborted) throw faults[0]
}
