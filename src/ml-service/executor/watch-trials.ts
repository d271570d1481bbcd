import { setTimeout as sleep } from 'node:timers/promises'
import type { EarlyTermination } from '../plan.ts'
import { stopReason } from '../sweep/early-termination.ts'
import type { SweepRun } from './sweep-run.ts'
import type { Trial } from './trial.ts'

/** A look is repeated after this many times what it took, so that a slow tracking service isn't pressed. */
const REST = 20
const [SHORTEST_MS, LONGEST_MS] = [200, 2000]

/**
 * Follows what running trials log and stops those that the sweep's early termination policy gives up. Every report is
 * judged, also when several arrived between two looks. The returned function ends it.
 */
export function watchTrials(s: SweepRun): () => Promise<void> {
  const policy = s.sweep.earlyTermination
  if (!policy) return async () => {}
  const done = new AbortController()
  const watching = watch(s, policy, AbortSignal.any([s.signal, done.signal]))
  return () => {
    done.abort()
    return watching
  }
}

async function watch(s: SweepRun, policy: EarlyTermination, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now()
    await look(s, policy)
    const rest = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, REST * (performance.now() - began)))
    await sleep(rest, undefined, { signal }).catch(() => {})
  }
}

async function look(s: SweepRun, policy: EarlyTermination): Promise<void> {
  const running = s.trials.filter(({ report }) => report.status === 'running')
  await Promise.all(running.map(trial => follow(s, trial)))
  for (const trial of running) {
    const reason = judge(s, policy, trial)
    if (reason !== undefined && trial.report.status === 'running') trial.stop.abort(reason)
  }
}

/** A tracking service that doesn't answer now is asked again with the next look. */
async function follow(s: SweepRun, trial: Trial): Promise<void> {
  if (trial.runId === undefined) return
  const history = await s.tracking.history(trial.runId, s.sweep.objective.metric).catch(() => undefined)
  if (history && history.length > trial.history.length) trial.history = history
}

function judge(s: SweepRun, policy: EarlyTermination, trial: Trial): string | undefined {
  const histories = s.trials.map(({ report, history }) => ({ trial: report.trial, values: history }))
  const number = trial.report.trial
  while (trial.judged < trial.history.length) {
    trial.judged++
    const place = { trial: number, interval: trial.judged, histories }
    const reason = stopReason(policy, s.sweep.objective.goal, place)
    if (reason !== undefined) return reason
  }
  return undefined
}
