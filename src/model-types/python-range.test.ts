import { expect, test } from 'vitest'
import { allowsMinor, allowsVersion, compareVersions, isPythonRange } from './python-range.ts'

test.each([
  ['3.10', '3.10.13', true],
  ['3.10', '3.1.0', false],
  ['==3.10', '3.10.13', false],
  ['==3.10.*', '3.10.13', true],
  ['>=3.10,<3.12', '3.11.9', true],
  ['>=3.10,<3.12', '3.12.0', false],
  ['>=3.10, !=3.11.*', '3.11.2', false],
  ['~=3.8', '3.13.0', true],
  ['~=3.8.2', '3.9.0', false],
  ['=3.8', '3.8.18', true],
  ['<=3.9', '3.9.1', false],
])('%s with %s: %s', (range, version, expected) => {
  expect(allowsVersion(range, version)).toBe(expected)
})

test.each([
  ['==3.8.13', '3.8', true],
  ['>3.8.13', '3.8', true],
  ['>=3.10,<3.12', '3.12', false],
  ['<=3.9', '3.9', true],
  ['!=3.9.*', '3.9', false],
])('%s allows some %s: %s', (range, minor, expected) => {
  expect(allowsMinor(range, minor)).toBe(expected)
})

test('what is no range of Python 3 is told apart', () => {
  expect(['3', '3.10', '>=3.8,<3.11', '==3.10.*'].every(isPythonRange)).toBe(true)
  expect(['2.7', '', 'three', '>=3.8;x', '3.10 3.11'].some(isPythonRange)).toBe(false)
})

test('versions are ordered by number', () => {
  expect(['3.10', '3.9', '3.9.1'].sort(compareVersions)).toEqual(['3.9', '3.9.1', '3.10'])
})
