import { StageFailure } from '#errors.ts'
import type { SearchSpace, Sweep } from '../plan.ts'
import { quantile } from './quantile.ts'
import { randomBits, randomNumbers } from './random-numbers.ts'
import { MOST_DIMENSIONS, sobolPoints } from './sobol.ts'

/** Texts of the sampled inputs, by name. */
export type TrialValues = Record<string, string>

/**
 * The values of all trials of a sweep, in order, no two alike: at most `limits.totalTrials`, fewer when the space has
 * no more. The same sweep and seed give the same trials; `otherSeed` is taken when the sweep has none.
 * Throws StageFailure for a grid over something else than choices, and for more dimensions than Sobol numbers.
 */
export function sampleTrials(sweep: Sweep, otherSeed: string): TrialValues[] {
  const { kind, seed } = sweep.sampling
  const text = seed === undefined ? otherSeed : String(seed)
  if (kind === 'grid') return grid(sweep)
  return distinct(sweep, kind === 'sobol' ? sobol(sweep, text) : random(sweep, text))
}

/** In the order of nested loops: the last name changes fastest. */
function grid({ space, limits }: Sweep): TrialValues[] {
  let trials: TrialValues[] = [{}]
  for (const [name, axis] of Object.entries(space)) {
    const values = choices(name, axis)
    trials = trials
      .flatMap(trial => values.map(value => ({ ...trial, [name]: value })))
      .slice(0, limits.totalTrials)
  }
  return trials
}

function choices(name: string, axis: SearchSpace): string[] {
  if (axis.kind === 'choice') return [...new Set(axis.values)]
  throw new StageFailure(`grid sampling takes 'choice' only, but '${name}' is '${axis.kind}'`, {
    hint: 'use random sampling',
  })
}

function* random({ space }: Sweep, seed: string): Generator<TrialValues, never> {
  const next = randomNumbers(seed)
  for (;;) yield valuesAt(space, () => next())
}

/** Scrambled by the seed, so that the origin, where distributions end, is no special point. */
function* sobol({ space }: Sweep, seed: string): Generator<TrialValues, never> {
  const dimensions = Object.keys(space).length
  if (dimensions > MOST_DIMENSIONS) {
    throw new StageFailure(
      `Sobol sampling has ${MOST_DIMENSIONS} dimensions, the search space ${dimensions}`,
      {
        hint: 'use the rule random',
      },
    )
  }
  const bits = randomBits(seed)
  const shift = Array.from({ length: dimensions }, () => bits())
  for (const point of sobolPoints(dimensions, shift)) {
    yield valuesAt(space, dimension => point[dimension]! + 2 ** -33)
  }
  throw new Error('the sequence has ended')
}

function valuesAt(space: Sweep['space'], probability: (dimension: number) => number): TrialValues {
  const entries = Object.entries(space).map(([name, axis], dimension) => {
    return [name, quantile(axis, probability(dimension))] as const
  })
  return Object.fromEntries(entries)
}

/** This many draws without anything new: the rest of the space is too improbable to be found. */
const PATIENCE = 10_000

function distinct({ space, limits }: Sweep, draws: Generator<TrialValues, never>): TrialValues[] {
  const wanted = Math.min(limits.totalTrials, sizeOf(space))
  const found = new Map<string, TrialValues>()
  for (let inVain = 0; found.size < wanted && inVain < PATIENCE; inVain++) {
    const values = draws.next().value
    const key = JSON.stringify(values)
    if (!found.has(key)) inVain = 0
    found.set(key, values)
  }
  return [...found.values()]
}

/** Number of points of a space of choices and whole numbers; infinity for others. */
function sizeOf(space: Sweep['space']): number {
  return Object.values(space).reduce((size, axis) => size * sizeOfAxis(axis), 1)
}

function sizeOfAxis(axis: SearchSpace): number {
  if (axis.kind === 'choice') return new Set(axis.values).size
  return axis.kind === 'randint' ? axis.upper : Number.POSITIVE_INFINITY
}
