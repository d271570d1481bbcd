import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import { localCommandRunner } from './command-runner.ts'
import { environmentKey } from './environment-key.ts'
import { withFolderLock } from './folder-lock.ts'
import { uvEnvironments } from './python-environments.ts'
import { toolchain } from './toolchain.ts'

const env = readConfig().inheritedEnv
const home = mkdtempSync(join(tmpdir(), 'environments-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const commands = localCommandRunner()
let started = 0
const counting: CommandRunner = {
  run: command => {
    started++
    return commands.run(command)
  },
}
const tools = toolchain({ home, env })
const make = () => uvEnvironments({ home, env, commands: counting, toolchain: tools })

describe('python environments', () => {
  it('without requirements are made once, by python alone, however many ask', async () => {
    const empty = { requirements: ['', '# nothing'] }
    const [one, two] = await Promise.all([make().prepare(empty, {}), make().prepare(empty, {})])
    expect(one).toBe(two)
    expect(started).toBe(1)
    expect(run(one, 'import sys; print(sys.prefix)')).toBe(one)
    await make().prepare(empty, {})
    expect(started).toBe(1)
  })

  it('have what is required, and tell how it goes', async () => {
    const lines: string[] = []
    const folder = await make().prepare(
      { requirements: ['Typing.Extensions'] },
      { onProgress: line => lines.push(line) },
    )
    expect(run(folder, 'import typing_extensions; print(1)')).toBe('1')
    expect(lines.join('\n')).toContain('Installed 1 package')
    expect(await make().prepare({ requirements: ['typing_extensions  # why'] }, {})).toBe(folder)
  }, 120_000)

  it('that cannot be made fail with the resolver’s message and leave nothing', async () => {
    const before = readdirSync(join(home, 'environments/builds'))
    const impossible = { requirements: ['typing-extensions==4.10.0', 'typing-extensions==4.11.0'] }
    await expect(make().prepare(impossible, {})).rejects.toThrow(/unsatisfiable/)
    expect(readdirSync(join(home, 'environments/builds'))).toEqual(before)
    expect(existsSync(join(home, 'environments', `${environmentKey(impossible)}.lock`))).toBe(false)
  }, 120_000)

  it('whose interpreter was removed are made anew', async () => {
    const folder = await make().prepare({ requirements: [] }, {})
    rmSync(join(folder, 'bin/python'))
    symlinkSync('/nowhere/python', join(folder, 'bin/python'))
    const build = readlinkSync(folder)
    await make().prepare({ requirements: [] }, {})
    expect(run(folder, 'print(1)')).toBe('1')
    expect(existsSync(join(home, 'environments', build))).toBe(false)
  })

  it('are not waited for by who gives up', async () => {
    const abort = new AbortController()
    const prepared = make().prepare({ requirements: ['typing-extensions', 'six'] }, { signal: abort.signal })
    abort.abort()
    await expect(prepared).rejects.toThrow('cancelled')
  })
})

describe('environment keys', () => {
  it('are the same for the same requirements', () => {
    const key = (...requirements: string[]) => environmentKey({ requirements })
    expect(key('Scikit_Learn==1.5', 'pandas')).toBe(key('pandas', ' scikit-learn==1.5 # x', '', 'pandas'))
    expect(key('pandas')).not.toBe(key('pandas<2'))
    expect(environmentKey({ python: '>=3.11', requirements: [] })).not.toBe(key())
  })
})

describe('a folder lock', () => {
  const lock = join(home, 'a.lock')

  it('lets one in at a time', async () => {
    let inside = 0
    const visit = () =>
      withFolderLock(lock, undefined, async () => {
        expect(++inside).toBe(1)
        await new Promise(resolve => setImmediate(resolve))
        inside--
      })
    await Promise.all([visit(), visit(), visit()])
    expect(existsSync(lock)).toBe(false)
  })

  it('of a dead process, or of one that gave no sign, is taken over', async () => {
    await withFolderLock(lock, undefined, async () => {
      const owner = JSON.parse(execFileSync('cat', [join(lock, 'owner')], { encoding: 'utf8' }))
      const dead = join(home, 'dead.lock')
      mkdirSync(dead)
      writeFileSync(join(dead, 'owner'), JSON.stringify({ ...owner, started: '1' }))
      await withFolderLock(dead, undefined, async () => {})
      mkdirSync(dead)
      utimesSync(dead, 0, 0)
      await withFolderLock(dead, undefined, async () => {})
    })
  })
})

describe('the toolchain', () => {
  it('finds the interpreter behind a name, new enough', async () => {
    const { path, version } = await tools.python()
    expect(
      execFileSync(path, ['-c', 'import platform; print(platform.python_version())'], {
        encoding: 'utf8',
      }).trim(),
    ).toBe(version)
  })

  it('says how to install Python when there is none, or only an old one', async () => {
    const bin = join(home, 'bin')
    mkdirSync(bin)
    await expect(toolchain({ home, env: { PATH: bin } }).python()).rejects.toMatchObject({
      code: 'python-missing',
      hint: expect.stringContaining('install'),
    })
    writeFileSync(join(bin, 'python3'), '#!/bin/sh\nprintf "3.8.1\\n/old/python3\\n"\n')
    chmodSync(join(bin, 'python3'), 0o755)
    await expect(toolchain({ home, env: { PATH: bin } }).python()).rejects.toThrow('/old/python3 is 3.8.1')
  })

  it('prefers uv from PATH, and installs it once when it is not there', async () => {
    const bin = join(home, 'uv-bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'uv'), '')
    chmodSync(join(bin, 'uv'), 0o755)
    expect(await toolchain({ home, env: { PATH: bin } }).uv()).toBe(join(bin, 'uv'))
    const other = mkdtempSync(join(home, 'fresh-'))
    const path = (env.PATH ?? '')
      .split(':')
      .filter(folder => !existsSync(join(folder, 'uv')))
      .join(':')
    const both = [1, 2].map(() => toolchain({ home: other, env: { ...env, PATH: path } }).uv())
    const [first, second] = await Promise.all(both)
    expect(first).toBe(second)
    expect(execFileSync(first!, ['--version'], { encoding: 'utf8' })).toMatch(/^uv /)
    expect(readdirSync(join(other, 'tools'))).toHaveLength(1)
  }, 120_000)
})

function run(environment: string, script: string): string {
  return execFileSync(join(environment, 'bin', 'python'), ['-c', script], { encoding: 'utf8' }).trim()
}
