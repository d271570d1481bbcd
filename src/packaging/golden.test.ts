import { expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import { parseGolden } from './golden.ts'

const tensor = { name: 'x', datatype: 'FP64', shape: [1], data: [1] }
const line = JSON.stringify({ request: { inputs: [tensor] }, response: { outputs: [tensor] } })

test('one request per line, empty lines ignored', () => {
  expect(parseGolden(`${line}\n\n${line}\n`, 'golden.jsonl')).toHaveLength(2)
})

test.each([
  ['', { file: 'golden.jsonl' }],
  [`${line}\n{`, { file: 'golden.jsonl', line: 2 }],
  [`${line}\n\n{"request": {}}`, { file: 'golden.jsonl', line: 3, key: 'request.inputs' }],
])('what is wrong is named with its place: %j', (text, place) => {
  try {
    parseGolden(text, 'golden.jsonl')
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).place).toEqual(place)
  }
})
