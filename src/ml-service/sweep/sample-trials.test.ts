import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SearchSpace, Sweep } from '../plan.ts'
import { quantile } from './quantile.ts'
import { sampleTrials } from './sample-trials.ts'

const bounds = fc
  .tuple(fc.double({ min: -20, max: 20, noNaN: true }), fc.double({ min: 0, max: 20, noNaN: true }))
  .map(([min, width]) => ({ min, max: min + width }))
const bell = fc.record({
  mu: fc.double({ min: -9, max: 9, noNaN: true }),
  sigma: fc.double({ min: 0.01, max: 2, noNaN: true }),
})
const q = fc.constantFrom(1, 2, 5, 0.5, 0.1)
const axis: fc.Arbitrary<SearchSpace> = fc.oneof(
  fc.record({
    kind: fc.constant('choice' as const),
    values: fc.array(fc.string(), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('randint' as const), upper: fc.integer({ min: 1, max: 50 }) }),
  fc
    .tuple(fc.constantFrom('uniform' as const, 'loguniform' as const), bounds)
    .map(([kind, is]) => ({ kind, ...is })),
  fc
    .tuple(fc.constantFrom('quniform' as const, 'qloguniform' as const), bounds, q)
    .map(([kind, is, q]) => ({ kind, ...is, q })),
  fc
    .tuple(fc.constantFrom('normal' as const, 'lognormal' as const), bell)
    .map(([kind, is]) => ({ kind, ...is })),
  fc
    .tuple(fc.constantFrom('qnormal' as const, 'qlognormal' as const), bell, q)
    .map(([kind, is, q]) => ({ kind, ...is, q })),
)
const space = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), axis, { minKeys: 1, maxKeys: 6 })

describe('sampled trials', () => {
  it('lie in their space, are distinct, and the same for the same seed', () => {
    const sampling = fc.record({
      kind: fc.constantFrom('random' as const, 'sobol' as const),
      seed: fc.option(fc.nat(), { nil: undefined }),
    })
    fc.assert(
      fc.property(space, sampling, fc.integer({ min: 1, max: 12 }), (space, sampling, totalTrials) => {
        const sweep = sweepOf(space, { ...sampling, totalTrials })
        const trials = sampleTrials(sweep, 'job/step')
        expect(sampleTrials(sweep, sampling.seed === undefined ? 'job/step' : 'other')).toEqual(trials)
        expect(new Set(trials.map(trial => JSON.stringify(trial))).size).toBe(trials.length)
        expect(trials.length).toBeLessThanOrEqual(totalTrials)
        expect(trials.length).toBeGreaterThan(0)
        for (const trial of trials) {
          expect(Object.keys(trial)).toEqual(Object.keys(space))
          for (const [name, axis] of Object.entries(space)) expectInside(axis, trial[name]!)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('differ by seed, and by job when there is none', () => {
    const sweep = (seed?: number) => sweepOf({ x: { kind: 'uniform', min: 0, max: 1 } }, { seed })
    expect(sampleTrials(sweep(1), '')).not.toEqual(sampleTrials(sweep(2), ''))
    expect(sampleTrials(sweep(), 'a')).not.toEqual(sampleTrials(sweep(), 'b'))
  })

  it.each(['random', 'sobol'] as const)('cover a finite space once and stop: %s', kind => {
    const trials = sampleTrials(
      sweepOf(
        { a: { kind: 'choice', values: ['x', 'y', 'x'] }, b: { kind: 'randint', upper: 7 } },
        { kind, totalTrials: 1000 },
      ),
      'seed',
    )
    expect(trials).toHaveLength(14)
    const steps = sampleTrials(
      sweepOf({ a: { kind: 'quniform', min: 0, max: 3, q: 1 } }, { kind, totalTrials: 50 }),
      'seed',
    )
    expect(steps.map(({ a }) => a).sort()).toEqual(['0', '1', '2', '3'])
  })

  it('follow their distributions: no empirical distribution is further off than chance makes it', () => {
    const axes: SearchSpace[] = [
      { kind: 'uniform', min: -1, max: 3 },
      { kind: 'loguniform', min: -5, max: 0 },
      { kind: 'normal', mu: 10, sigma: 3 },
      { kind: 'lognormal', mu: 0, sigma: 1 },
    ]
    const n = 2000
    for (const [kind, worst] of [
      ['random', 1.63 / Math.sqrt(n)], // Kolmogorov's bound at 1 %
      ['sobol', 3 / n],
    ] as const) {
      const sweep = sweepOf(Object.fromEntries(axes.map(axis => [axis.kind, axis])), { kind, totalTrials: n })
      const trials = sampleTrials({ ...sweep, sampling: { kind, seed: 7 } }, '')
      for (const axis of axes) {
        const values = trials.map(trial => Number(trial[axis.kind])).sort((a, b) => a - b)
        const distances = values.map((value, i) => Math.abs(probability(axis, value) - (i + 0.5) / n))
        expect(Math.max(...distances), `${kind} ${axis.kind}`).toBeLessThan(worst)
      }
    }
  })

  it('are every combination in the order of nested loops for a grid, up to the limit', () => {
    const space = {
      a: { kind: 'choice', values: ['1', '2'] },
      b: { kind: 'choice', values: ['x', 'y', 'z'] },
    } as const satisfies Record<string, unknown>
    const of = (totalTrials: number) =>
      sampleTrials(sweepOf(space as never, { kind: 'grid', totalTrials }), '').map(({ a, b }) => `${a}${b}`)
    expect(of(100)).toEqual(['1x', '1y', '1z', '2x', '2y', '2z'])
    expect(of(4)).toEqual(['1x', '1y', '1z', '2x'])
    const uniform = sweepOf({ lr: { kind: 'uniform', min: 0, max: 1 } }, { kind: 'grid' })
    expect(() => sampleTrials(uniform, '')).toThrow("'lr' is 'uniform'")
  })
})

describe('values', () => {
  it('are what Python would write', () => {
    expect(quantile({ kind: 'uniform', min: 0, max: 1e-4 }, 0.5)).toBe('5e-05')
    expect(quantile({ kind: 'uniform', min: 0, max: 4 }, 0.5)).toBe('2.0')
    expect(quantile({ kind: 'loguniform', min: 0, max: 0 }, 0.3)).toBe('1.0')
    expect(quantile({ kind: 'randint', upper: 4 }, 0.999999)).toBe('3')
    expect(quantile({ kind: 'choice', values: ['1e-3', 'True'] }, 0.4)).toBe('1e-3')
    expect(quantile({ kind: 'quniform', min: 0, max: 10, q: 2 }, 0.3)).toBe('4') // round(1.5) is 2
    expect(quantile({ kind: 'quniform', min: 0, max: 10, q: 2 }, 0.5)).toBe('4') // round(2.5) is 2
    expect(quantile({ kind: 'quniform', min: 0, max: 1, q: 0.1 }, 0.3)).toBe('0.30000000000000004')
    expect(quantile({ kind: 'qnormal', mu: 0, sigma: 1, q: 1 }, 0.4)).toBe('0')
    expect(quantile({ kind: 'qnormal', mu: 0, sigma: 1, q: 0.5 }, 0.4)).toBe('-0.5')
  })
})

function sweepOf(
  space: Sweep['space'],
  more: { kind?: Sweep['sampling']['kind']; seed?: number | undefined; totalTrials?: number },
): Sweep {
  return {
    sampling: { kind: more.kind ?? 'random', seed: more.seed },
    space,
    objective: { metric: 'm', goal: 'maximize' },
    limits: {
      totalTrials: more.totalTrials ?? 5,
      concurrentTrials: 1,
      timeoutSeconds: undefined,
      trialTimeoutSeconds: undefined,
    },
    earlyTermination: undefined,
  }
}

function expectInside(axis: SearchSpace, text: string): void {
  if (axis.kind === 'choice') expect(axis.values).toContain(text)
  else expectNumberInside(axis, text)
}

function expectNumberInside(axis: Exclude<SearchSpace, { kind: 'choice' }>, text: string): void {
  const value = Number(text)
  expect(Number.isFinite(value)).toBe(true)
  if ('q' in axis) expect(Math.abs(value / axis.q - Math.round(value / axis.q))).toBeLessThan(1e-6)
  if (axis.kind === 'randint') expect([0, axis.upper - 1, value].sort((a, b) => a - b)[1]).toBe(value)
  if (!('min' in axis)) return
  const [min, max] = axis.kind.includes('log')
    ? [Math.exp(axis.min), Math.exp(axis.max)]
    : [axis.min, axis.max]
  const half = 'q' in axis ? axis.q * 0.500001 : 0
  expect(value).toBeGreaterThanOrEqual(min - half)
  expect(value).toBeLessThanOrEqual(max + half)
}

/** The distribution function, with the normal one by quadrature: independent of the code under test. */
function probability(axis: SearchSpace, value: number): number {
  const x = axis.kind.startsWith('log') ? Math.log(value) : value
  if ('min' in axis) return (x - axis.min) / (axis.max - axis.min)
  if (!('mu' in axis)) throw new Error(axis.kind)
  return normal((x - axis.mu) / axis.sigma)
}

function normal(z: number): number {
  const n = 400
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
  let sum = (density(0) + density(z)) / 2
  for (let i = 1; i < n; i++) sum += density((z * i) / n)
  return 0.5 + (sum * z) / n
}
