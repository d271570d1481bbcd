import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Contender, compareModels } from './comparison.ts'
import { METRICS, type MetricName } from './metrics.ts'
import type { Predictions } from './predictions.ts'

describe('the verdict', () => {
  test('without an incumbent is to promote', () => {
    const result = compareModels('accuracy', null, model(1, '0011', '0010'))
    expect(result).toMatchObject({
      verdict: 'promote',
      reason: 'no_incumbent',
      champion: null,
      difference: null,
    })
    expect(result.challenger).toEqual({ version: 1, value: 0.75 })
  })

  test.each<[string, MetricName, Contender, Contender, string, string]>([
    ['better', 'accuracy', model(1, '0011', '0010'), model(2, '0011', '0011'), 'promote', 'better'],
    ['worse', 'accuracy', model(1, '0011', '0011'), model(2, '0011', '0010'), 'keep', 'not_better'],
    ['equal', 'accuracy', model(1, '0011', '0010'), model(2, '0011', '1011'), 'keep', 'tie'],
    ['a smaller error', 'mae', missed(1, 10.2), missed(2, 9.8), 'promote', 'better'],
    ['a larger error', 'mae', missed(1, 9.8), missed(2, 10.2), 'keep', 'not_better'],
    ['a larger error, beside 1e-7', 'mae', missed(1, 1e-7), missed(2, 0.5), 'keep', 'not_better'],
    ['an error of 1e-7', 'mae', missed(1, 0.5), missed(2, 1e-7), 'promote', 'better'],
    ['explaining 1e-7 of the variance', 'r2', explained(1, 0.5), explained(2, 1e-7), 'keep', 'not_better'],
    ['explaining half, beside 1e-7', 'r2', explained(1, 1e-7), explained(2, 0.5), 'promote', 'better'],
  ])(
    'is numeric and in the direction of the metric: %s',
    (_, metric, champion, challenger, verdict, reason) => {
      expect(compareModels(metric, champion, challenger)).toMatchObject({ verdict, reason })
    },
  )

  test.each<[string, Contender | null, Contender, string]>([
    [
      'the challenger could not be scored',
      model(1, '01', '01'),
      { version: 2, failure: 'no' },
      'challenger_failed',
    ],
    [
      'the champion could not be scored',
      { version: 1, failure: 'no' },
      model(2, '01', '01'),
      'champion_failed',
    ],
    [
      'neither could be scored',
      { version: 1, failure: 'no' },
      { version: 2, failure: 'no' },
      'challenger_failed',
    ],
    ['the first model could not be scored', null, { version: 1, failure: 'no' }, 'challenger_failed'],
    ['there are no rows', model(1, '', ''), model(2, '', ''), 'challenger_metric_missing'],
    ['the first model has no rows', null, model(1, '', ''), 'challenger_metric_missing'],
    ['the rows are others', model(1, '01', '01'), model(2, '10', '10'), 'different_rows'],
    ['the challenger has fewer rows', model(1, '0110', '0000'), model(2, '01', '01'), 'different_rows'],
  ])('is invalid when %s', (_, champion, challenger, reason) => {
    expect(compareModels('accuracy', champion, challenger)).toMatchObject({ verdict: 'invalid', reason })
  })

  test('is invalid when a metric is not finite, whoever has it', () => {
    const nothing = missed(1, Number.NaN)
    for (const metric of ['mae', 'mse', 'rmse'] as const) {
      expect(compareModels(metric, missed(1, 1), nothing).verdict).toBe('invalid')
      expect(compareModels(metric, nothing, missed(2, 1)).verdict).toBe('invalid')
      expect(compareModels(metric, null, nothing).verdict).toBe('invalid')
    }
  })

  test('comes with its evidence', () => {
    const result = compareModels('accuracy', model(3, '0011', '0010'), model(8, '0011', '0011'))
    expect(result).toEqual({
      ...{ verdict: 'promote', reason: 'better', metric: 'accuracy', direction: 'higher', rows: 4 },
      explanation: 'accuracy 1 against 0.75 of version 3 (higher is better)',
      champion: { version: 3, value: 0.75 },
      challenger: { version: 8, value: 1 },
      ...{ difference: 0.25, interval: null, pValue: null, guardrails: [], slices: [] },
    })
  })
})

describe('for all pairs of models', () => {
  const names = fc.constantFrom(...(Object.keys(METRICS) as MetricName[]))
  const value = fc.oneof(fc.constantFrom('0', '1'), fc.constantFrom('-3', '0.25', '1e-7', 'x', 'Infinity'))
  const probability = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(Number.NaN, -1, 2))
  const rows = fc.array(fc.tuple(value, value, value, probability, probability), { maxLength: 12 })
  const pairs = rows.map(list => ({
    one: contender(1, list, 1, 3),
    other: contender(2, list, 2, 4),
  }))

  test('the challenger is promoted exactly when its finite metric is strictly better', () => {
    fc.assert(
      fc.property(pairs, names, ({ one, other }, metric) => {
        const [theirs, ours] = [one, other].map(model => METRICS[metric].compute(model.predictions))
        const { verdict, difference } = compareModels(metric, one, other)
        const finite = Number.isFinite(theirs) && Number.isFinite(ours)
        const better = METRICS[metric].direction === 'higher' ? ours! > theirs! : ours! < theirs!
        expect(verdict).toBe(finite ? (better ? 'promote' : 'keep') : 'invalid')
        if (verdict !== 'invalid') expect(difference! > 0).toBe(better)
      }),
      { numRuns: 500 },
    )
  })

  test('at most one of the two beats the other', () => {
    fc.assert(
      fc.property(pairs, names, ({ one, other }, metric) => {
        const [there, back] = [compareModels(metric, one, other), compareModels(metric, other, one)]
        expect([there, back].filter(({ verdict }) => verdict === 'promote').length).toBeLessThan(2)
        expect(there.verdict === 'invalid').toBe(back.verdict === 'invalid')
        if (there.difference !== null) expect(there.difference).toBe(0 - back.difference!)
      }),
    )
  })

  test('a model never beats itself', () => {
    fc.assert(
      fc.property(pairs, names, ({ one }, metric) => {
        expect(compareModels(metric, one, { ...one, version: 2 }).verdict).not.toBe('promote')
      }),
    )
  })
})

type Scored = Contender & { predictions: Predictions }
type Row = [string, string, string, number, number]

function contender(version: number, rows: Row[], prediction: 1 | 2, probability: 3 | 4): Scored {
  return {
    version,
    predictions: {
      target: rows.map(row => row[0]),
      prediction: rows.map(row => row[prediction]),
      probability: rows.map(row => row[probability]),
    },
  }
}

/** One character per row. */
function model(version: number, target: string, prediction: string): Contender {
  return { version, predictions: { target: [...target], prediction: [...prediction], probability: null } }
}

/** A regression that is wrong by this much. */
function missed(version: number, by: number): Contender {
  return { version, predictions: { target: ['0'], prediction: [String(by)], probability: null } }
}

/** A regression that explains this part of the variance. */
function explained(version: number, part: number): Contender {
  const miss = Math.sqrt(1 - part)
  const prediction = [-1 + miss, 1 - miss].map(String)
  return { version, predictions: { target: ['-1', '1'], prediction, probability: null } }
}
