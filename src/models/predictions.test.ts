import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import { parseCsv, parsePredictions } from './predictions.ts'

const read = (text: string, target = 'target') => parsePredictions(text, { file: 'predictions.csv', target })

describe('a predictions file', () => {
  test('is read by the names of its columns, in any order', () => {
    expect(read('id,prediction,label,probability\n7,1,0,0.25\n8,0,1,1\n', 'label')).toEqual({
      ...{ target: ['0', '1'], prediction: ['1', '0'], probability: [0.25, 1] },
    })
  })

  test('has the same class for every way to write a number', () => {
    const { target, prediction } = read('target,prediction\n1,1.0\n 0 ,-0\n10,1e1\n')
    expect(target).toEqual(prediction)
  })

  test('keeps numbers apart that are too large to be told apart as numbers', () => {
    const { target, prediction } = read('target,prediction\n12345678901234567890,12345678901234567891\n')
    expect(target).not.toEqual(prediction)
  })

  test('may have quoted cells, Windows line ends, blank lines and a byte order mark', () => {
    const text = '\ufefftarget,"prediction"\r\n"a, ""b""\nc",x\r\n\r\ny,z'
    expect(read(text)).toMatchObject({ target: ['a, "b"\nc', 'y'], prediction: ['x', 'z'] })
  })

  test.each([
    ['nothing', '', 1, "there is no column 'target'"],
    ['no prediction column', 'target,predicted\n1,1\n', 1, "there is no column 'prediction'"],
    ['no rows', 'target,prediction\n', 1, 'there are no rows'],
    ['an empty prediction', 'target,prediction\n1,1\n0,\n', 3, "column 'prediction' is empty"],
    ['a row that is too short', 'target,prediction\n1\n', 2, "column 'prediction' is empty"],
    ['a prediction of nan', 'target,prediction\n1,nan\n', 2, "column 'prediction' is nan"],
    ['a target of NaN', 'target,prediction\nNaN,NaN\n', 2, "column 'target' is NaN"],
    ['an empty probability', 'target,prediction,probability\n1,1,\n', 2, "column 'probability' is empty"],
    ['a quote inside a cell', 'target,prediction\n1,1"0\n', 2, 'this is not CSV'],
    ['a quote that is not closed', 'target,prediction\n1,"1\n0,0\n', 2, 'this is not CSV'],
    ['text after a quoted cell', 'target,prediction\n1,"1"0\n', 2, 'this is not CSV'],
  ])('with %s is refused, by line', (_, text, line, message) => {
    const error = thrownBy(() => read(text))
    expect(error).toMatchObject({ code: 'invalid-predictions', place: { file: 'predictions.csv', line } })
    expect(error.message).toContain(message)
    expect(error.hint).toBeTruthy()
  })

  test('gives a probability that is no number as NaN, so that no metric takes it for one', () => {
    expect(read('target,prediction,probability\n1,1,high\n').probability).toEqual([Number.NaN])
  })
})

describe('CSV', () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('"', ',', '\n', '\r\n', '""', ' ', 'a,b', '"x"'))
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 8 })

  test('that was written with every cell quoted is read as it was', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), (table, end) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
        const text = table.map(row => row.map(quoted).join(',') + end).join('')
        expect(parseCsv(text)).toEqual(table)
      }),
    )
  })

  test('of any text gives rows or a UserError, soon', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), text => {
        try {
          expect(Array.isArray(parseCsv(text))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
    const start = performance.now()
    expect(() => parseCsv(`a${'"'.repeat(100_001)}`)).toThrow(UserError)
    expect(parseCsv(`"${'x""'.repeat(300_000)}"`)[0]![0]).toHaveLength(600_000)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

function thrownBy(work: () => unknown): UserError {
  try {
    work()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
