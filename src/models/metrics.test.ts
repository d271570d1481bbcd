import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { METRICS, type MetricName } from './metrics.ts'
import type { Predictions } from './predictions.ts'

const NAMES = Object.keys(METRICS) as MetricName[]
const label = fc.constantFrom('0', '1', '2')
const row = fc.record({
  target: label,
  prediction: label,
  probability: fc.double({ min: 0, max: 1, noNaN: true }),
})
const scored = fc.array(row, { minLength: 1, maxLength: 40 }).map(rows => ({
  target: rows.map(one => one.target),
  prediction: rows.map(one => one.prediction),
  probability: rows.map(one => one.probability),
}))

describe('known answers', () => {
  // 3 true positives, 1 false negative, 2 false positives, 4 true negatives.
  const binary = of('1111000000', '1110110000')
  // The examples of scikit-learn's documentation.
  const classes = of('012012', '021001')
  const numbers: Predictions = {
    target: ['3', '-0.5', '2', '7'],
    prediction: ['2.5', '0', '2', '8'],
    probability: null,
  }
  const spam: Predictions = {
    target: ['spam', 'ham', 'ham', 'spam'],
    prediction: ['spam', 'ham', 'ham', 'spam'],
    probability: [0.9, 0.1, 0.2, 0.65],
  }

  test.each<[MetricName, Predictions, number]>([
    ['accuracy', binary, 0.7],
    ['precision', binary, 3 / 5],
    ['recall', binary, 3 / 4],
    ['f1', binary, 6 / 9],
    ['accuracy', classes, 2 / 6],
    ['precision', classes, 2 / 9],
    ['recall', classes, 1 / 3],
    ['f1', classes, 4 / 15],
    ['auc', { ...of('0011', '0011'), probability: [0.1, 0.4, 0.35, 0.8] }, 0.75],
    ['auc', { ...of('0101', '0101'), probability: [0.5, 0.5, 0.5, 0.5] }, 0.5],
    ['auc', { ...of('0011', '0011'), probability: [0.2, 0.5, 0.5, 0.9] }, 0.875],
    ['log_loss', spam, 0.21616187468057912],
    ['mse', numbers, 0.375],
    ['rmse', numbers, 0.6123724356957945],
    ['mae', numbers, 0.5],
    ['r2', numbers, 0.9486081370449679],
  ])('%s of %j', (name, predictions, value) => {
    expect(METRICS[name].compute(predictions)).toBeCloseTo(value, 12)
  })

  test('nothing predicted as positive has precision and F1 of 0, not of NaN', () => {
    const never = of('0101', '0000')
    expect([METRICS.precision, METRICS.f1].map(metric => metric.compute(never))).toEqual([0, 0])
  })

  test('the larger label is the positive one, also when labels are words', () => {
    const words: Predictions = { target: ['bad', 'ok'], prediction: ['bad', 'bad'], probability: null }
    expect(METRICS.recall.compute(words)).toBe(0)
  })
})

describe('what has no answer is NaN or infinite, never a number that could win', () => {
  const none: Predictions = { target: [], prediction: [], probability: [] }

  test.each(NAMES)('%s of no rows', name => {
    expect(METRICS[name].compute(none)).toBeNaN()
  })

  test.each<[MetricName, Predictions]>([
    ['auc', of('0011', '0011')],
    ['auc', { ...of('0011', '0011'), probability: [0.1, Number.NaN, 0.3, 0.4] }],
    ['auc', { ...of('1111', '1111'), probability: [0.1, 0.2, 0.3, 0.4] }],
    ['log_loss', of('0011', '0011')],
    ['log_loss', { ...of('0011', '0011'), probability: [0.1, Number.NaN, 0.3, 0.4] }],
    ['log_loss', { ...of('0011', '0011'), probability: [0, 0, 5, 5] }],
    ['mse', { target: ['1'], prediction: ['many'], probability: null }],
    ['mae', { target: ['1'], prediction: ['Infinity'], probability: null }],
    ['r2', { target: ['2', '2'], prediction: ['2', '2'], probability: null }],
    ['r2', { target: ['2', '2'], prediction: ['1', '2'], probability: null }],
  ])('%s of %j', (name, predictions) => {
    expect(Number.isFinite(METRICS[name].compute(predictions))).toBe(false)
  })
})

describe('for all predictions', () => {
  test('the order of the rows does not matter', () => {
    fc.assert(
      fc.property(scored, fc.constantFrom(...NAMES), (predictions, name) => {
        const reversed = {
          target: predictions.target.toReversed(),
          prediction: predictions.prediction.toReversed(),
          probability: predictions.probability.toReversed(),
        }
        const [one, other] = [predictions, reversed].map(METRICS[name].compute)
        if (Number.isFinite(one)) expect(other).toBeCloseTo(one!, 9)
        else expect(other).toBe(one)
      }),
    )
  })

  test('scores of classifications lie between 0 and 1, and a perfect one has 1', () => {
    fc.assert(
      fc.property(scored, fc.constantFrom('accuracy', 'precision', 'recall', 'f1'), (predictions, name) => {
        fc.pre(new Set(predictions.target).size > 1)
        const value = METRICS[name as MetricName].compute(predictions)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
        const perfect = { ...predictions, prediction: predictions.target }
        expect(METRICS[name as MetricName].compute(perfect)).toBe(1)
      }),
    )
  })

  test('one class alone is no evidence: which one is positive is unknown', () => {
    const one = { target: ['0', '0'], prediction: ['0', '0'], probability: null }
    for (const name of ['precision', 'recall', 'f1'] as const) expect(METRICS[name].compute(one)).toBeNaN()
    expect(METRICS.accuracy.compute(one)).toBe(1)
  })

  test('turning the scores around turns the area under the curve around', () => {
    fc.assert(
      fc.property(scored, predictions => {
        const target = predictions.target.map(one => (one === '0' ? '0' : '1'))
        const area = METRICS.auc.compute({ ...predictions, target })
        const turned = predictions.probability.map(p => -p)
        const other = METRICS.auc.compute({ ...predictions, target, probability: turned })
        if (Number.isFinite(area)) expect(area + other).toBeCloseTo(1, 9)
        else expect(new Set(target).size).toBe(1)
      }),
    )
  })
})

/** One character per row. */
function of(target: string, prediction: string): Predictions {
  return { target: [...target], prediction: [...prediction], probability: null }
}
