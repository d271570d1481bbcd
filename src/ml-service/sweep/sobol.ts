import { DIRECTION_NUMBERS } from './direction-numbers.ts'

/** How many dimensions {@link sobolPoints} has numbers for. */
export const MOST_DIMENSIONS = DIRECTION_NUMBERS.length

const BITS = 32

/**
 * Points of Sobol's sequence in [0, 1)^dimensions, from its beginning (the origin), in Gray code order: I. A. Antonov
 * and V. M. Saleev, "An economic method of computing LPτ-sequences" (1979), with the direction numbers of Joe and Kuo.
 * `shift` holds 32 bits for each dimension that are exclusive-ored to every point: it scrambles the sequence and
 * keeps its evenness (digital shift).
 */
export function* sobolPoints(dimensions: number, shift: readonly number[] = []): Generator<number[], never> {
  const directions = Array.from({ length: dimensions }, (_, dimension) => directionsOf(dimension))
  const state = directions.map((_, dimension) => (shift[dimension] ?? 0) >>> 0)
  for (let index = 0; ; index++) {
    yield state.map(value => value / 2 ** BITS)
    const bit = trailingOnes(index)
    directions.forEach((direction, dimension) => {
      state[dimension] = (state[dimension]! ^ direction[bit]!) >>> 0
    })
  }
}

/** 32 direction integers, the highest bit first. P. Bratley and B. L. Fox, Algorithm 659, ACM TOMS 14 (1988). */
function directionsOf(dimension: number): number[] {
  const [polynomial, ...initial] = DIRECTION_NUMBERS[dimension]!
  if (dimension === 0) return Array.from({ length: BITS }, (_, bit) => (1 << (BITS - 1 - bit)) >>> 0)
  const degree = 31 - Math.clz32(polynomial)
  const directions = initial.map((number, bit) => (number << (BITS - 1 - bit)) >>> 0)
  for (let bit = degree; bit < BITS; bit++) {
    const first = directions[bit - degree]!
    let next = first ^ (first >>> degree)
    for (let term = 1; term < degree; term++) {
      if ((polynomial >>> (degree - term)) & 1) next ^= directions[bit - term]!
    }
    directions.push(next >>> 0)
  }
  return directions
}

function trailingOnes(index: number): number {
  return 31 - Math.clz32(~index & (index + 1))
}
