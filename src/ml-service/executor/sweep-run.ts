import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { TrackedRun, Tracking } from '#ports/tracking.ts'
import type { TrialReport } from '../job.ts'
import type { Sweep } from '../plan.ts'
import { sampleTrials } from '../sweep/sample-trials.ts'
import type { JobContext } from './job-context.ts'
import type { ReadyStep } from './ready-step.ts'
import { createTrial, type Trial } from './trial.ts'

/** A sweep while it runs. */
export interface SweepRun {
  job: JobContext
  ready: ReadyStep
  sweep: Sweep
  tracking: Tracking
  run: Promise<TrackedRun>
  trials: Trial[]
  /** Aborted when the job's is, when the sweep's time is over, and when one of its trials meets a fault of ours. */
  signal: AbortSignal
  abort(): void
  /** The sweep's time begins with the first process. */
  startClock(): void
  timedOut(): boolean
  /** Changes what is reported of a trial; of a large sweep this isn't told at once. */
  update(trial: Trial, change: Partial<TrialReport>): void
  /** Tells all trials as they are now. */
  tell(): void
  close(): void
}

/** What is told holds all trials, so many trials are told rarely: a thousand, twice a second. */
const REST_PER_TRIAL_MS = 0.5

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Draws the trials. Throws StageFailure when the sweep can't be run here. */
export function openSweep(
  job: JobContext,
  ready: ReadyStep,
  { sweep, run }: { sweep: Sweep; run: Promise<TrackedRun> | undefined },
): SweepRun {
  const { tracking } = job.ports
  const { name } = ready.step
  if (!tracking || !run) {
    throw new StageFailure(`step '${name}': a sweep needs experiment tracking, which is off here`)
  }
  const trials = sampleTrials(sweep, `${job.request.job}/${name}`).map((values, index) =>
    createTrial(job, { ready, sweep }, { number: index + 1, values }),
  )
  const own = new AbortController()
  const clock = limitClock(sweep.limits.timeoutSeconds, () => own.abort())
  const logTrial = sweepLog(job, ready, sweep)
  let told = Number.NEGATIVE_INFINITY
  function tell(): void {
    told = performance.now()
    job.update(name, { trials: trials.map(({ report }) => ({ ...report })) })
  }
  return {
    job,
    ready,
    sweep,
    tracking,
    run,
    trials,
    signal: AbortSignal.any([job.signal, own.signal]),
    abort: () => own.abort(),
    startClock() {
      clock.start()
      if (job.reports.get(name)?.status !== 'running') job.update(name, { status: 'running' })
    },
    timedOut: clock.isOver,
    update(trial, change) {
      Object.assign(trial.report, change)
      logTrial(trial.report)
      if (performance.now() - told >= trials.length * REST_PER_TRIAL_MS) tell()
    },
    tell,
    close: clock.stop,
  }
}

function limitClock(seconds: number | undefined, end: () => void) {
  let timer: NodeJS.Timeout | undefined
  let over = false
  return {
    start() {
      if (seconds === undefined) return
      timer ??= setTimeout(
        () => {
          over = true
          end()
        },
        Math.min(seconds * 1000, LONGEST_TIMER_MS),
      )
    },
    stop: () => clearTimeout(timer),
    isOver: () => over,
  }
}

/** The sweep's own log: a line for each trial that begins or ends. */
function sweepLog(job: JobContext, { step }: ReadyStep, { objective }: Sweep) {
  const file = join(job.folder.root, job.folder.step(step.name).log)
  const told = new Map<number, string>()
  mkdirSync(dirname(file), { recursive: true })
  return ({ trial, status, values, metric, message, best }: TrialReport) => {
    const state = best ? 'best' : status
    if (told.get(trial) === state || status === 'pending' || status === 'preparing') return
    told.set(trial, state)
    const given = Object.entries(values).map(([name, value]) => `${name}=${value}`)
    const result = metric === null ? [] : [`${objective.metric} ${metric}`]
    const facts = [state, ...result, ...(message ? [message] : [])].join(', ')
    appendFileSync(file, `trial ${trial} (${given.join(', ')}): ${facts}\n`)
  }
}
