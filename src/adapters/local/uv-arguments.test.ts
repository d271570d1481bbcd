import { expect, test } from 'vitest'
import { buildFailure } from './build-failure.ts'
import { uvArguments } from './uv-arguments.ts'

test('options that uv takes elsewhere are moved, those without effect are dropped', () => {
  const lines = ['six', '--pre', '--trusted-host pypi.example.com', '--use-pep517', '--no-binary :all:']
  expect(uvArguments(lines)).toEqual({
    requirements: ['six', '--no-binary :all:'],
    options: ['--prerelease', 'allow', '--allow-insecure-host', 'pypi.example.com'],
  })
})

test('with several indexes the best version wins, as with pip', () => {
  const { options } = uvArguments(['torch', '--extra-index-url https://example.com/whl/cpu'])
  expect(options).toEqual(['--index-strategy', 'unsafe-best-match'])
})

test.each([
  [
    'Resolved 3 packages\nerror: No solution found when resolving dependencies\n  cause: Because a==1 needs b,\n         and b is gone, unsatisfiable.\n\nhint: use another\n',
    'No solution found when resolving dependencies Because a==1 needs b, and b is gone, unsatisfiable.',
    'mend the requirements',
  ],
  [
    '  × No solution found when resolving dependencies:\n  ╰─▶ Because nope was not found in the package registry and you require nope\n',
    'No solution found when resolving dependencies: Because nope was not found in the package registry and you require nope',
    'name on PyPI',
  ],
  ['x\ny\n', 'x y', 'package index'],
  ['', 'no reason was given', 'package index'],
])('of %j the reason is told in one line', (output, reason, hint) => {
  const failure = buildFailure(output, { name: undefined, minor: '3.10' })
  expect(failure.message).toBe(`the Python environment can't be made for Python 3.10: ${reason}`)
  expect(failure.hint).toContain(hint)
})
