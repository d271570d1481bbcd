import { expect, test } from 'vitest'
import { ignoreRules } from './ignore-file.ts'

test.each([
  ['*.csv', 'a.csv', true],
  ['*.csv', 'sub/a.csv', true],
  ['*.csv', 'a.csv.txt', false],
  ['/top.txt', 'top.txt', true],
  ['/top.txt', 'sub/top.txt', false],
  ['sub/*.txt', 'sub/a.txt', true],
  ['sub/*.txt', 'sub/deep/a.txt', false],
  ['sub/**', 'sub/deep/a.txt', true],
  ['**/b', 'a/c/b', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['[ab].txt', 'b.txt', true],
  ['[!ab].txt', 'b.txt', false],
  ['a+(b).txt', 'a+(b).txt', true],
  ['# note', '# note', false],
  ['\\#file', '#file', true],
  ['*.csv\n!keep.csv', 'keep.csv', false],
  ['!keep.csv\n*.csv', 'keep.csv', true],
])('%j leaves out %j: %s', (rules, path, expected) => {
  expect(ignoreRules(rules)(path, false)).toBe(expected)
})

test('a pattern with a slash at its end means folders only', () => {
  const ignored = ignoreRules('data/\n')
  expect([ignored('data', true), ignored('x/data', true), ignored('data', false)]).toEqual([
    true,
    true,
    false,
  ])
})
