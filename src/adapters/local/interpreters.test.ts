import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { chooseInterpreter, describeChoice } from './choose-interpreter.ts'
import { findInterpreters, type Interpreter, versionsOf } from './interpreters.ts'

const folder = mkdtempSync(join(tmpdir(), 'interpreters-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('Pythons are found on PATH, in pyenv and among those of uv, without running those whose name tells', async () => {
  program('usr/bin/python3.12', 'exit 9')
  symlinkSync('python3.12', join(folder, 'usr/bin/python3'))
  program('opt/bin/python3', 'printf "3.9.7\\n/x\\n"')
  program('.pyenv/versions/3.10.13/bin/python3.10', 'exit 9')
  symlinkSync('python3.10', join(folder, '.pyenv/versions/3.10.13/bin/python3'))
  mkdirSync(join(folder, '.pyenv/versions/3.14-dev/bin'), { recursive: true })
  program('managed/cpython-3.8.19-linux-x86_64-gnu/bin/python3', 'exit 9')
  const env = { HOME: folder, PATH: ['usr/bin', 'none', 'opt/bin'].map(name => join(folder, name)).join(':') }
  const found = await findInterpreters(env, join(folder, 'managed'))
  expect(found.map(({ version, isDefault }) => [version, isDefault])).toEqual([
    ['3.12', true],
    ['3.9.7', false],
    ['3.10.13', false],
    ['3.8.19', false],
  ])
  expect(versionsOf(found)).toEqual(['3.8.19', '3.9.7', '3.10.13', '3.12'])
})

test('shims of pyenv are not taken for Pythons: what they lead to is', async () => {
  const root = join(folder, 'shimmed')
  program('shimmed/shims/python3', 'exit 127')
  program('shimmed/versions/3.11.7/bin/python3', 'exit 9')
  program('shimmed/versions/3.13.0/bin/python3', 'exit 9')
  writeFileSync(join(root, 'version'), '3.11.7\n')
  const env = { HOME: folder, PYENV_ROOT: root, PATH: join(root, 'shims') }
  const found = await findInterpreters(env, join(folder, 'none'))
  expect(found.map(({ version, isDefault }) => [version, isDefault])).toEqual([
    ['3.11.7', true],
    ['3.13.0', false],
  ])
  const other = await findInterpreters({ ...env, PYENV_VERSION: '3.13.0' }, join(folder, 'none'))
  expect(chooseInterpreter({ requirements: [] }, other)?.version).toBe('3.13.0')
})

test.each([
  [{}, '3.11.7', 'Python 3.11'],
  [{ python: '>=3.9,<3.13' }, '3.12.1', 'Python 3.12'],
  [{ python: '>=3.9,<3.12', preferred: '3.10' }, '3.10.13', 'Python 3.10 (preferred)'],
  [
    { python: '>=3.9,<3.14', preferred: '3.13' },
    '3.12.1',
    'Python 3.12, because 3.13 is not here and its requirements allow it',
  ],
  [{ python: '==3.8.*' }, '3.8.18', 'Python 3.8'],
  [{ python: '==3.8.2' }, '3.8.2', 'Python 3.8'],
  [{ python: '==3.10.4' }, '3.10.13', 'Python 3.10.13, because 3.10.4 is not here'],
])('of 3.11 (the default), 3.8, 3.10 and 3.12, %o gets %s', (wanted, version, choice) => {
  const chosen = chooseInterpreter({ requirements: [], ...wanted }, HERE)!
  expect(chosen.version).toBe(version)
  expect(describeChoice({ requirements: [], ...wanted }, chosen).choice).toBe(choice)
})

test('none is chosen when none is allowed, and no old one by those who do not care', () => {
  expect(chooseInterpreter({ python: '==3.9.*', requirements: [] }, HERE)).toBeUndefined()
  expect(chooseInterpreter({ requirements: [] }, [here('3.8.18', true)])).toBeUndefined()
})

const HERE = [here('3.11.7', true), here('3.8.18'), here('3.8.2'), here('3.10.13'), here('3.12.1')]

function here(version: string, isDefault = false): Interpreter {
  const minor = version.split('.').slice(0, 2).join('.')
  return { path: `/python/${version}`, version, minor, isDefault }
}

function program(path: string, script: string): void {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}
