import { expect, test } from 'vitest'
import { normalQuantile } from './normal-quantile.ts'
import { MOST_DIMENSIONS, sobolPoints } from './sobol.ts'

/** Known answers: `scipy.stats.qmc.Sobol(d, scramble=False, bits=32)` of SciPy 1.17.1, d = 5 and d = 64. */
test('Sobol’s sequence is the one of SciPy', () => {
  expect(take(5, 8)).toEqual([
    [0, 0, 0, 0, 0],
    [0.5, 0.5, 0.5, 0.5, 0.5],
    [0.75, 0.25, 0.25, 0.25, 0.75],
    [0.25, 0.75, 0.75, 0.75, 0.25],
    [0.375, 0.375, 0.625, 0.875, 0.375],
    [0.875, 0.875, 0.125, 0.375, 0.875],
    [0.625, 0.125, 0.875, 0.625, 0.625],
    [0.125, 0.625, 0.375, 0.125, 0.125],
  ])
  const points = take(MOST_DIMENSIONS, 2048)
  expect([0, 1, 7, 31, 40, 63].map(dimension => points[1023]![dimension])).toEqual([
    0.0009765625, 0.7529296875, 0.6181640625, 0.6142578125, 0.6318359375, 0.0400390625,
  ])
  expect([2, 20, 33, 50, 62, 63].map(dimension => points[2000]![dimension])).toEqual([
    0.79052734375, 0.87353515625, 0.47216796875, 0.49658203125, 0.43408203125, 0.34814453125,
  ])
})

test('every dimension of 2^k points falls once into each of 2^k equal parts, also when shifted', () => {
  const shift = Array.from({ length: MOST_DIMENSIONS }, (_, index) => (0x9e3779b9 * (index + 1)) >>> 0)
  for (const points of [take(MOST_DIMENSIONS, 256), take(MOST_DIMENSIONS, 256, shift)]) {
    for (let dimension = 0; dimension < MOST_DIMENSIONS; dimension++) {
      const parts = new Set(points.map(point => Math.floor(point[dimension]! * 256)))
      expect(parts.size).toBe(256)
    }
  }
})

/** Known answers: `scipy.stats.norm.ppf` of SciPy 1.17.1. */
test('the normal quantile is the one of SciPy', () => {
  const known = {
    '1e-300': -37.0470962993612,
    '1e-20': -9.262340089798409,
    '1e-5': -4.264890793922825,
    0.025: -1.9599639845400545,
    0.1: -1.2815515655446004,
    0.3: -0.5244005127080409,
    0.5: 0,
    0.84: 0.994457883209753,
    0.999: 3.090232306167813,
  }
  for (const [p, value] of Object.entries(known)) expect(normalQuantile(Number(p))).toBeCloseTo(value, 12)
})

function take(dimensions: number, count: number, shift: number[] = []): number[][] {
  const points = sobolPoints(dimensions, shift)
  return Array.from({ length: count }, () => points.next().value)
}
