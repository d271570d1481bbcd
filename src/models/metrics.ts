import type { Predictions } from './predictions.ts'

/** Whether more is better. */
export type Direction = 'higher' | 'lower'

interface MetricDefinition {
  direction: Direction
  compute(predictions: Predictions): number
}

/**
 * The metrics that a model type may be compared by. Every `compute` takes n aligned rows and returns a number that is
 * NaN when it isn't defined for them (never an error): callers must refuse non-finite values.
 *
 * Binary F1, precision and recall take the larger label as positive; with more than two classes they are macro means
 * (Sokolova & Lapalme 2009). AUC is the Mann–Whitney statistic with mid-ranks (Hanley & McNeil 1982).
 */
export const METRICS = {
  accuracy: {
    direction: 'higher',
    compute: p => mean(p.target.map((t, i) => (t === p.prediction[i] ? 1 : 0))),
  },
  precision: { direction: 'higher', compute: p => macro(p, c => ratio(c.tp, c.tp + c.fp)) },
  recall: { direction: 'higher', compute: p => macro(p, c => ratio(c.tp, c.tp + c.fn)) },
  f1: { direction: 'higher', compute: p => macro(p, c => ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn)) },
  auc: { direction: 'higher', compute: areaUnderCurve },
  log_loss: { direction: 'lower', compute: logLoss },
  mse: { direction: 'lower', compute: p => mean(errors(p).map(e => e * e)) },
  rmse: { direction: 'lower', compute: p => Math.sqrt(mean(errors(p).map(e => e * e))) },
  mae: { direction: 'lower', compute: p => mean(errors(p).map(Math.abs)) },
  r2: { direction: 'higher', compute: determination },
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof METRICS

interface Counts {
  tp: number
  fp: number
  fn: number
}

function macro(predictions: Predictions, score: (counts: Counts) => number): number {
  const labels = [...new Set([...predictions.target, ...predictions.prediction])].sort(byNumberOrText)
  if (labels.length < 2) return Number.NaN // which of the classes is positive can't be known
  const judged = labels.length <= 2 ? labels.slice(-1) : labels
  return mean(judged.map(label => score(count(predictions, label))))
}

function count({ target, prediction }: Predictions, label: string): Counts {
  const counts = { tp: 0, fp: 0, fn: 0 }
  for (const [i, truth] of target.entries()) {
    const said = prediction[i] === label
    if (said && truth === label) counts.tp++
    else if (said) counts.fp++
    else if (truth === label) counts.fn++
  }
  return counts
}

/** 0/0 is 0, as scikit-learn's `zero_division=0`. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function areaUnderCurve(predictions: Predictions): number {
  const { positive, scores } = binaryScores(predictions)
  if (scores.some(Number.isNaN)) return Number.NaN
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let rankSum = 0
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++
    const midRank = (start + 1 + end) / 2
    for (const i of order.slice(start, end)) if (positive[i]) rankSum += midRank
    start = end
  }
  const positives = positive.filter(Boolean).length
  const negatives = positive.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

function logLoss(predictions: Predictions): number {
  const { positive, scores } = binaryScores(predictions)
  if (!scores.every(p => p >= 0 && p <= 1)) return Number.NaN
  const clip = (p: number) => Math.min(1 - 1e-15, Math.max(1e-15, p))
  return mean(scores.map((p, i) => -Math.log(positive[i] ? clip(p) : 1 - clip(p))))
}

function binaryScores({ target, probability }: Predictions): { positive: boolean[]; scores: number[] } {
  const label = [...new Set(target)].sort(byNumberOrText).at(-1)
  return { positive: target.map(t => t === label), scores: probability ?? target.map(() => Number.NaN) }
}

function errors({ target, prediction }: Predictions): number[] {
  return target.map((t, i) => Number(prediction[i]) - Number(t))
}

function determination(predictions: Predictions): number {
  const truth = predictions.target.map(Number)
  const center = mean(truth)
  const residual = mean(errors(predictions).map(e => e * e))
  return 1 - residual / mean(truth.map(t => (t - center) ** 2))
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

function byNumberOrText(a: string, b: string): number {
  const difference = Number(a) - Number(b)
  return Number.isNaN(difference) ? (a < b ? -1 : a > b ? 1 : 0) : difference
}
