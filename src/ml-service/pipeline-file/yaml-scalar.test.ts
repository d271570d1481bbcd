import { describe, expect, it } from 'vitest'
import { pythonFloat, resolvePlainScalar } from './yaml-scalar.ts'

/** Expected values are what PyYAML 6's safe_load and Python's str() give. */
const CASES: [string, string, string][] = [
  ['', 'null', 'None'],
  ['~', 'null', 'None'],
  ['yes', 'boolean', 'True'],
  ['off', 'boolean', 'False'],
  ['y', 'string', 'y'],
  ['tRUE', 'string', 'tRUE'],
  ['1_000', 'integer', '1000'],
  ['017', 'integer', '15'],
  ['01', 'integer', '1'],
  ['0o17', 'string', '0o17'],
  ['08', 'string', '08'],
  ['0x1F', 'integer', '31'],
  ['-0b11', 'integer', '-3'],
  ['+12', 'integer', '12'],
  ['1:30', 'integer', '90'],
  ['123456789012345678901234567890', 'integer', '123456789012345678901234567890'],
  ['1.0', 'number', '1.0'],
  ['1.50', 'number', '1.5'],
  ['.5', 'number', '0.5'],
  ['1.', 'number', '1.0'],
  ['1e-3', 'string', '1e-3'],
  ['1.0e-5', 'number', '1e-05'],
  ['1.0e5', 'string', '1.0e5'],
  ['1.0e+5', 'number', '100000.0'],
  ['1.0e+16', 'number', '1e+16'],
  ['-.inf', 'number', '-inf'],
  ['.nan', 'number', 'nan'],
  ['190:20:30.15', 'number', '685230.15'],
  ['2024-01-05', 'string', '2024-01-05'],
  ['2001-12-14t21:59:43.10-05:00', 'string', '2001-12-14 21:59:43.100000-05:00'],
  ['2001-12-15 2:59:43Z', 'string', '2001-12-15 02:59:43+00:00'],
  ['2001-12-15 2:59:43 -0:00', 'string', '2001-12-15 02:59:43+00:00'],
  ['12:30:45', 'integer', '45045'],
  ['1e-5', 'string', '1e-5'],
  ['+.5e+3', 'string', '+.5e+3'],
  ['.5e+3', 'number', '500.0'],
  ['0x_', 'string', '0x_'],
  ['.inf', 'number', 'inf'],
  ['1.2.3', 'string', '1.2.3'],
  ['hello', 'string', 'hello'],
]

describe('resolvePlainScalar', () => {
  it.each(CASES)('reads %s as the %s %s', (source, type, text) => {
    expect(resolvePlainScalar(source)).toEqual({ type, text })
  })
})

describe('pythonFloat', () => {
  it.each([
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1234567890123456, '1234567890123456.0'],
    [-0, '-0.0'],
    [0.1 + 0.2, '0.30000000000000004'],
  ])('shows %d as Python does', (value, text) => expect(pythonFloat(value)).toBe(text))
})
