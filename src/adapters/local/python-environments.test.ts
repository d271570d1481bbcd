import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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
import { findInterpreters } from './interpreters.ts'
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

  it('have what is required, tell how it goes, and list what they got', async () => {
    const lines: string[] = []
    const wanted = { name: 'small', requirements: ['Typing.Extensions'] }
    const folder = await make().prepare(wanted, { onProgress: line => lines.push(line) })
    expect(run(folder, 'import typing_extensions; print(1)')).toBe('1')
    expect(lines[0]).toMatch(/^environment small: Python 3\.\d+$/)
    expect(lines.join('\n')).toMatch(/: resolving 1 requirements\n[\s\S]*: installed 1 package in /)
    expect(readFileSync(join(folder, 'packages.txt'), 'utf8')).toMatch(/^typing-extensions==[\d.]+\n$/)
    const record = JSON.parse(readFileSync(join(folder, 'environment.json'), 'utf8'))
    expect(record).toMatchObject({ name: 'small', requirements: ['typing-extensions'] })
    expect(await make().prepare({ requirements: ['typing_extensions  # why'] }, {})).toBe(folder)
  }, 120_000)

  it('tell everybody who waits for the same build', async () => {
    const environments = make()
    const heard: string[][] = [[], []]
    const wait = (lines: string[]) =>
      environments.prepare({ requirements: ['pyjokes==0.8.3'] }, { onProgress: line => lines.push(line) })
    await Promise.all(heard.map(wait))
    for (const lines of heard) expect(lines.join('\n')).toMatch(/installed 1 package/)
  }, 120_000)

  it('that cannot be made fail with the resolver’s message in one line and leave nothing', async () => {
    const before = readdirSync(join(home, 'environments/builds'))
    const impossible = { name: 'odd', requirements: ['iniconfig==1.1.1', 'iniconfig==2.0.0'] }
    const failure = make().prepare(impossible, {})
    await expect(failure).rejects.toThrow(
      /^environment odd can't be made for Python 3\.\d+: [^\n]*unsatisfiable\.?$/,
    )
    await expect(failure).rejects.toMatchObject({ hint: expect.stringContaining('mend the requirements') })
    expect(readdirSync(join(home, 'environments/builds'))).toEqual(before)
    expect(readdirSync(join(home, 'environments')).filter(name => name.endsWith('.lock'))).toEqual([])
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

  it('into which something was installed are made anew; what Python compiles is no change', async () => {
    const folder = await make().prepare({ requirements: ['six'] }, {})
    const build = readlinkSync(folder)
    run(folder, 'import six')
    expect(readlinkSync(await make().prepare({ requirements: ['six'] }, {}))).toBe(build)
    const packages = run(folder, 'import sysconfig; print(sysconfig.get_path("purelib"))')
    writeFileSync(join(packages, 'stowaway.py'), '')
    await make().prepare({ requirements: ['six'] }, {})
    expect(readlinkSync(folder)).not.toBe(build)
    expect(existsSync(join(packages, 'stowaway.py'))).toBe(false)
  }, 120_000)

  it('are made once by several processes, after one that was killed in the middle left its half', async () => {
    const wanted = { requirements: ['iniconfig==2.0.0'] }
    const { minor } = (await findInterpreters(env, '')).find(python => python.isDefault)!
    const directory = join(home, 'environments')
    const half = join(directory, 'builds', `${environmentKey(minor, wanted.requirements)}-dead0000`)
    mkdirSync(join(half, 'lib'), { recursive: true })
    const before = started
    const [one, two] = await Promise.all([make().prepare(wanted, {}), make().prepare(wanted, {})])
    expect(one).toBe(two)
    expect(started - before).toBe(3)
    expect(existsSync(half)).toBe(false)
    expect(run(one, 'import iniconfig; print(1)')).toBe('1')
  }, 120_000)

  it('are not waited for by who gives up', async () => {
    const abort = new AbortController()
    const prepared = make().prepare({ requirements: ['typing-extensions', 'six'] }, { signal: abort.signal })
    abort.abort()
    await expect(prepared).rejects.toThrow('cancelled')
  })

  it('with a Python that is not here say what was tried, what is here, and how to get it', async () => {
    const bare = { ...env, UV_PYTHON_DOWNLOADS: 'never' }
    const environments = uvEnvironments({ home, env: bare, commands, toolchain: tools })
    const refused = environments.prepare({ name: 'old', python: '==3.5.*', requirements: [] }, {})
    await expect(refused).rejects.toThrow(
      /^environment old: no Python ==3\.5\.\* on PATH, in pyenv's or uv's folders, and uv can't fetch it/,
    )
    await expect(refused).rejects.toMatchObject({
      code: 'python-missing',
      hint: expect.stringMatching(/here are .*3\.\d+.*'uv python install 3\.5'/),
    })
  })

  it('have the minor version that is asked for, when it is here', async () => {
    const minors = [...new Set((await findInterpreters(env, '')).map(({ minor }) => minor))]
    for (const minor of minors.filter(found => ['3.8', '3.10', '3.13'].includes(found))) {
      const folder = await make().prepare({ python: `==${minor}.*`, requirements: [] }, {})
      expect(run(folder, 'import sys; print("%d.%d" % sys.version_info[:2])')).toBe(minor)
    }
  }, 120_000)
})

describe('environment keys', () => {
  it('are the same for the same requirements on the same minor version', () => {
    const key = (...requirements: string[]) => environmentKey('3.11', requirements)
    expect(key('Scikit_Learn==1.5', 'pandas')).toBe(key('pandas', ' scikit-learn==1.5 # x', '', 'pandas'))
    expect(key('pandas')).not.toBe(key('pandas<2'))
    expect(environmentKey('3.10', [])).not.toBe(key())
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
