import { pythonFloat } from '../pipeline-file/yaml-scalar.ts'
import type { SearchSpace } from '../plan.ts'
import { normalQuantile } from './normal-quantile.ts'

/**
 * The value at probability `p` (0 < p < 1) of a search space's distribution, as Python's `str()` would write it. Azure
 * ML's definitions: `quniform` is round(uniform / q) · q and so on, `randint` is below `upper`, `loguniform` and
 * `lognormal` are exp of what their parameters describe. A whole `q` gives whole numbers, as Python's `round` does.
 */
export function quantile(space: SearchSpace, p: number): string {
  if (space.kind === 'choice') return space.values[Math.floor(p * space.values.length)]!
  if (space.kind === 'randint') return String(Math.floor(p * space.upper))
  const value = continuous(space, p)
  return 'q' in space ? quantized(value, space.q) : pythonFloat(value)
}

type Continuous = Exclude<SearchSpace, { kind: 'choice' | 'randint' }>

function continuous(space: Continuous, p: number): number {
  switch (space.kind) {
    case 'uniform':
    case 'quniform':
      return between(space, p)
    case 'loguniform':
    case 'qloguniform':
      return Math.exp(between(space, p))
    case 'normal':
    case 'qnormal':
      return around(space, p)
    case 'lognormal':
    case 'qlognormal':
      return Math.exp(around(space, p))
  }
}

function between({ min, max }: { min: number; max: number }, p: number): number {
  return Math.min(max, Math.max(min, min + p * (max - min)))
}

function around({ mu, sigma }: { mu: number; sigma: number }, p: number): number {
  return mu + sigma * normalQuantile(p)
}

function quantized(value: number, q: number): string {
  const whole = roundHalfEven(value / q) * q
  return Number.isInteger(q) && Number.isSafeInteger(whole) ? String(whole + 0) : pythonFloat(whole)
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
