import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DigestedFile, filesDigest } from './digest.ts'

const file = fc.record({
  path: fc.string({ minLength: 1 }),
  bytes: fc.nat(),
  digest: fc.stringMatching(/^[0-9a-f]{64}$/).map(hex => `sha256:${hex}`),
})
const files = fc.uniqueArray(file, { selector: item => item.path, maxLength: 20 })

test('the order of the files does not matter', () => {
  fc.assert(
    fc.property(files, (list: DigestedFile[]) => {
      expect(filesDigest([...list].reverse())).toBe(filesDigest(list))
    }),
  )
})

test('every fact about a file matters', () => {
  const base = { path: 'a/b', bytes: 3, digest: `sha256:${'0'.repeat(64)}` }
  const others = [
    { ...base, path: 'a/c' },
    { ...base, bytes: 4 },
    { ...base, digest: `sha256:${'1'.repeat(64)}` },
  ]
  const digests = [[], [base], ...others.map(other => [other]), [base, others[0]!]].map(filesDigest)
  expect(new Set(digests).size).toBe(digests.length)
})

test('the digest is the documented one', () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  expect(filesDigest([])).toBe(`sha256:${empty}`)
  const one = filesDigest([{ path: 'weights.json', bytes: 0, digest: `sha256:${empty}` }])
  expect(one).toBe('sha256:7ceec0ea6a3e5b24f8835eed3ae1bde03e24d3d8f2a8671183ecb267724cea45')
})
