import type { Sweep } from '../plan.ts'

/**
 * The trial with the best value of the primary metric; of equals, the first. A missing value, NaN and the infinities
 * never win. Undefined when no trial has a finite one.
 */
export function bestTrial<Trial extends { metric: number | null }>(
  trials: readonly Trial[],
  goal: Sweep['objective']['goal'],
): Trial | undefined {
  const sign = goal === 'maximize' ? 1 : -1
  const valued = trials.filter(({ metric }) => metric !== null && Number.isFinite(metric))
  return valued.reduce<Trial | undefined>((best, trial) => {
    return best === undefined || sign * trial.metric! > sign * best.metric! ? trial : best
  }, undefined)
}
