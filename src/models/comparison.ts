import { type Direction, METRICS, type MetricName } from './metrics.ts'
import type { Predictions } from './predictions.ts'

export type Verdict = 'promote' | 'keep' | 'inconclusive' | 'invalid'

/** One model in a comparison: its version and its predictions on the evaluation rows, or why there are none. */
export type Contender = { version: number } & ({ predictions: Predictions } | { failure: string })

/** The evidence for a verdict (design §8, `explain comparison`). `difference` > 0 means that the challenger is better. */
export interface Comparison {
  verdict: Verdict
  /** A stable identifier (`better`, `not_better`, `tie`, `no_incumbent`, …) for programs. */
  reason: string
  /** The same for people, with the numbers. */
  explanation: string
  metric: MetricName
  direction: Direction
  champion: { version: number; value: number | null } | null
  challenger: { version: number; value: number | null }
  difference: number | null
  interval: [number, number] | null
  pValue: number | null
  rows: number
  guardrails: unknown[]
  slices: unknown[]
}

/**
 * Decides whether the challenger replaces the champion, by one metric on the same rows, numerically and in the
 * metric's direction. A missing or non-finite value never wins and never loses: the verdict is `invalid`. A tie keeps
 * the champion.
 */
export function compareModels(
  metric: MetricName,
  champion: Contender | null,
  challenger: Contender,
): Comparison {
  const { direction } = METRICS[metric]
  const evidence = (verdict: Verdict, reason: string, explanation: string): Comparison => ({
    verdict,
    reason,
    explanation,
    metric,
    direction,
    champion: champion && { version: champion.version, value: finite(metricOf(metric, champion)) },
    challenger: { version: challenger.version, value: finite(metricOf(metric, challenger)) },
    difference: gain(metric, champion, challenger),
    interval: null,
    pValue: null,
    rows: 'predictions' in challenger ? challenger.predictions.target.length : 0,
    guardrails: [],
    slices: [],
  })

  if ('failure' in challenger)
    return evidence('invalid', 'challenger_failed', `the challenger can't be scored: ${challenger.failure}`)
  const ours = metricOf(metric, challenger)
  if (!Number.isFinite(ours))
    return evidence('invalid', 'challenger_metric_missing', `${metric} of the challenger is ${ours}`)
  if (!champion)
    return evidence('promote', 'no_incumbent', `no version is best yet; ${metric} is ${shown(ours)}`)
  if ('failure' in champion)
    return evidence('invalid', 'champion_failed', `the champion can't be scored: ${champion.failure}`)
  if (!sameRows(champion.predictions, challenger.predictions))
    return evidence('invalid', 'different_rows', 'champion and challenger were not scored on the same rows')
  const theirs = metricOf(metric, champion)
  if (!Number.isFinite(theirs))
    return evidence('invalid', 'champion_metric_missing', `${metric} of the champion is ${theirs}`)

  const values = `${metric} ${shown(ours)} against ${shown(theirs)} of version ${champion.version} (${direction} is better)`
  const difference = gain(metric, champion, challenger)!
  if (difference > 0) return evidence('promote', 'better', values)
  return difference === 0
    ? evidence('keep', 'tie', `a tie: ${values}`)
    : evidence('keep', 'not_better', values)
}

function metricOf(metric: MetricName, contender: Contender): number {
  return 'predictions' in contender ? METRICS[metric].compute(contender.predictions) : Number.NaN
}

function gain(metric: MetricName, champion: Contender | null, challenger: Contender): number | null {
  if (!champion) return null
  const difference = metricOf(metric, challenger) - metricOf(metric, champion)
  return finite(METRICS[metric].direction === 'higher' ? difference : -difference)
}

function sameRows(a: Predictions, b: Predictions): boolean {
  return a.target.length === b.target.length && a.target.every((truth, i) => truth === b.target[i])
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)))
}
