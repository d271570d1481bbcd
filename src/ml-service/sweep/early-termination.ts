import type { EarlyTermination, Sweep } from '../plan.ts'

/** What a trial reported of the primary metric so far, in order; ended trials stand here too. */
export interface TrialHistory {
  trial: number
  values: readonly number[]
}

type Goal = Sweep['objective']['goal']

/**
 * Why a trial is stopped at its report number `interval` (from 1), or undefined when it goes on. Azure ML's rules
 * (learn.microsoft.com: "Hyperparameter tuning a model (v2)" and the reference of the three policies in
 * `azureml.train.hyperdrive`): a policy is applied at every multiple of the evaluation interval that is not below the
 * delay. Trials are compared by their best values up to that same interval, so a young trial isn't measured by what
 * older ones reached later. A value that isn't a number is worse than any other.
 */
export function stopReason(
  policy: EarlyTermination,
  goal: Goal,
  { trial, interval, histories }: { trial: number; interval: number; histories: readonly TrialHistory[] },
): string | undefined {
  if (!applies(policy, interval)) return undefined
  const upward = histories.map(({ trial, values }) => ({ trial, values: oriented(values, goal, interval) }))
  const own = upward.find(history => history.trial === trial)
  if (!own || own.values.length < interval) return undefined
  const said = REASONS[policy.kind](policy as never, best(own.values), upward, interval)
  return said && `${said} at report ${interval}`
}

type Reason<Kind> = (
  policy: Extract<EarlyTermination, { kind: Kind }>,
  own: number,
  all: readonly TrialHistory[],
  interval: number,
) => string | undefined

const REASONS: { [Kind in EarlyTermination['kind']]: Reason<Kind> } = {
  bandit: ({ slackFactor, slackAmount }, own, all) => {
    const leader = Math.max(...all.map(({ values }) => best(values)))
    const least = slackAmount === undefined ? within(leader, slackFactor ?? 0) : leader - slackAmount
    return own < least ? 'outside the slack of the best trial' : undefined
  },
  median_stopping: (_, own, all) => {
    const averages = all.filter(({ values }) => values.length > 0).map(({ values }) => average(values))
    return own < median(averages) ? 'worse than the median of the averages' : undefined
  },
  truncation_selection: ({ truncationPercentage }, own, all, interval) => {
    const peers = all.filter(({ values }) => values.length >= interval)
    const last = Math.floor((peers.length * truncationPercentage) / 100)
    const notBetter = peers.filter(({ values }) => best(values) <= own).length
    return notBetter <= last ? `among the lowest ${truncationPercentage} %` : undefined
  },
}

/** The least value that a ratio of slack allows: 1 / (1 + factor) of what is above zero, 1 + factor of what is below. */
function within(leader: number, factor: number): number {
  return leader > 0 ? leader / (1 + factor) : leader * (1 + factor)
}

function applies({ evaluationInterval, delayEvaluation }: EarlyTermination, interval: number): boolean {
  return interval >= Math.max(1, delayEvaluation) && interval % Math.max(1, evaluationInterval) === 0
}

/** The first values, turned so that more is better. */
function oriented(values: readonly number[], goal: Goal, interval: number): number[] {
  return values.slice(0, interval).map(value => {
    if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY
    return goal === 'maximize' ? value : -value
  })
}

function best(values: readonly number[]): number {
  return Math.max(Number.NEGATIVE_INFINITY, ...values)
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}
