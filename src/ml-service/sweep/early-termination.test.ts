import { describe, expect, it } from 'vitest'
import type { EarlyTermination } from '../plan.ts'
import { bestTrial } from './best-trial.ts'
import { stopReason } from './early-termination.ts'

const always = { evaluationInterval: 1, delayEvaluation: 0 }

describe('bandit', () => {
  const factor = (slackFactor: number, more = {}): EarlyTermination => {
    return { ...always, kind: 'bandit', slackFactor, slackAmount: undefined, ...more }
  }
  /** The documentation's example: best 0.8, factor 0.2, so what is below 0.8 / 1.2 = 0.66… is stopped. */
  it('stops what is below the best over one plus the factor', () => {
    expect(stops(factor(0.2), 'maximize', [0.8], [0.666])).toBe(true)
    expect(stops(factor(0.2), 'maximize', [0.8], [0.667])).toBe(false)
    expect(stops(factor(0.2), 'minimize', [1], [1.21])).toBe(true)
    expect(stops(factor(0.2), 'minimize', [1], [1.19])).toBe(false)
  })
  it('never stops the best trial, whatever the sign', () => {
    expect(stops(factor(0.2), 'maximize', [-2], [-1])).toBe(false)
    expect(stops(factor(0.2), 'maximize', [-1], [-1.19])).toBe(false)
    expect(stops(factor(0.2), 'maximize', [-1], [-1.21])).toBe(true)
    expect(stops(factor(0.2), 'minimize', [-1], [-0.83])).toBe(true)
    expect(stops(factor(0), 'maximize', [0.5], [0.5])).toBe(false)
  })
  it('takes an amount', () => {
    const amount: EarlyTermination = {
      ...always,
      kind: 'bandit',
      slackFactor: undefined,
      slackAmount: 0.25,
    }
    expect(stops(amount, 'maximize', [0.75], [0.4])).toBe(true)
    expect(stops(amount, 'maximize', [0.75], [0.5])).toBe(false)
    expect(stops(amount, 'minimize', [0.75], [1.1])).toBe(true)
  })
  it('compares best values up to the same report only', () => {
    expect(stops(factor(0.1), 'maximize', [0.5, 0.9, 0.99], [0.5])).toBe(false)
    expect(stops(factor(0.1), 'maximize', [0.5], [0.9, 0.2])).toBe(false)
    expect(stops(factor(0.1), 'maximize', [0.9], [Number.NaN])).toBe(true)
  })
  it('is applied at multiples of the interval from the delay on', () => {
    const policy = factor(0.1, { evaluationInterval: 2, delayEvaluation: 3 })
    const at = (interval: number) => stops(policy, 'maximize', Array(9).fill(1), Array(interval).fill(0))
    expect([1, 2, 3, 4, 5, 6].map(at)).toEqual([false, false, false, true, false, true])
  })
})

describe('median stopping', () => {
  const policy: EarlyTermination = { ...always, kind: 'median_stopping' }
  it('stops a trial whose best is worse than the median of the running averages', () => {
    // averages over reports 1 and 2: 0.5, 0.7 and, its own, 0.55: the median is 0.55
    expect(stops(policy, 'maximize', [0.4, 0.6], [0.5, 0.6], [0.6, 0.8])).toBe(false)
    expect(stops(policy, 'maximize', [0.4, 0.6], [0.45, 0.48], [0.6, 0.8])).toBe(true)
    expect(stops(policy, 'minimize', [0.4, 0.6], [0.45, 0.48], [0.2, 0.1])).toBe(false)
    expect(stops(policy, 'minimize', [0.4, 0.4], [0.55, 0.48], [0.2, 0.1])).toBe(true)
  })
  it('looks at the reports up to the same one', () => {
    expect(stops(policy, 'maximize', [0.1, 0.9], [0.3], [0.2, 0.9])).toBe(false)
  })
})

describe('truncation selection', () => {
  const policy = (truncationPercentage: number): EarlyTermination => {
    return { ...always, kind: 'truncation_selection', truncationPercentage }
  }
  it('stops the lowest part of the trials that came as far', () => {
    expect(stops(policy(20), 'maximize', [0.5], [0.1], [0.6], [0.7], [0.8])).toBe(true)
    expect(stops(policy(20), 'maximize', [0.1], [0.5], [0.6], [0.7], [0.8])).toBe(false)
    expect(stops(policy(40), 'maximize', [0.1], [0.5], [0.6], [0.7], [0.8])).toBe(true)
    expect(stops(policy(20), 'maximize', [0.5], [0.1], [0.6], [0.7])).toBe(false)
    expect(stops(policy(20), 'maximize', [0.5], [0.1, 0.1], [0.6], [0.7], [0.8])).toBe(false)
  })
  it('spares those that are even', () => {
    expect(stops(policy(20), 'maximize', [0.5], [0.5], [0.5], [0.5], [0.5])).toBe(false)
  })
})

describe('the best trial', () => {
  const trials = (...metrics: (number | null)[]) => metrics.map((metric, trial) => ({ trial, metric }))
  it('has the best finite value; of equals it is the first', () => {
    expect(bestTrial(trials(0.1, 0.3, 0.3, null), 'maximize')?.trial).toBe(1)
    expect(bestTrial(trials(Number.NaN, 0.3, 0.2, Number.NEGATIVE_INFINITY), 'minimize')?.trial).toBe(2)
    expect(bestTrial(trials(Number.NaN, null, Number.POSITIVE_INFINITY), 'maximize')).toBeUndefined()
  })
})

/** Whether the second trial is stopped at its last report. */
function stops(
  policy: EarlyTermination,
  goal: 'minimize' | 'maximize',
  ...values: [number[], number[], ...number[][]]
): boolean {
  const histories = values.map((values, index) => ({ trial: index + 1, values }))
  return stopReason(policy, goal, { trial: 2, interval: values[1].length, histories }) !== undefined
}
