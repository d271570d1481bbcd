import { createHash } from 'node:crypto'

/** A stream of numbers in (0, 1), 2^52 equally likely ones; the same seed gives the same stream everywhere. */
export type RandomNumbers = () => number

/** xoshiro128** (D. Blackman and S. Vigna, 2018), its state taken from the SHA-256 of the seed. */
export function randomNumbers(seed: string): RandomNumbers {
  const next = randomBits(seed)
  return () => ((next() >>> 6) * 2 ** 26 + (next() >>> 6) + 0.5) / 2 ** 52
}

/** The stream's 32 bits at a time, as unsigned integers. */
export function randomBits(seed: string): () => number {
  const digest = createHash('sha256').update(seed).digest()
  const s = new Uint32Array(4).map((_, index) => digest.readUInt32LE(index * 4))
  return () => {
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0
    const shifted = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= shifted
    s[3] = rotate(s[3]!, 11)
    return result
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
