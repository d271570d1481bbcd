import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandRunnerContract } from '../../../test/contracts/command-runner.ts'
import { localCommandRunner } from './command-runner.ts'
import { sweepOrphans } from './marked-tree.ts'

/** Where root may make groups with a limit of memory, on systems with the first version of control groups. */
const MEMORY_GROUPS = '/sys/fs/cgroup/memory'

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'))
  for (const isolation of ['namespace', 'marker'] as const) await buildProgram(isolation)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const isolation of ['namespace', 'marker'] as const) {
  commandRunnerContract(`local, ${isolation}`, {
    make: () => localCommandRunner({ isolation }),
    runnerProgram: () => join(folder, `${isolation}.mjs`),
    addedVariables: isolation === 'marker' ? ['MILLWRIGHT_TREE'] : [],
  })
}

describe('sweeping orphans', () => {
  it('ends marked processes whose runner is dead and leaves those of living runners', async () => {
    const dead = spawnSync(process.execPath, ['-e', 'console.log(process.pid)']).stdout.toString().trim()
    const script = `MILLWRIGHT_TREE=$(readlink /proc/self/ns/pid | tr -dc 0-9)-${dead}-1-x.1 setsid sleep 323.5 & sleep 0.1`
    spawnSync('bash', ['-c', script], { stdio: 'ignore' })
    const living = localCommandRunner({ isolation: 'marker' })
    const survivor = living.run({
      argv: ['sleep', '0.5'],
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
      log: join(folder, 'sweep.txt'),
    })
    expect(await sweepOrphans()).toBe(1)
    expect(await sweepOrphans()).toBe(0)
    expect(await survivor).toMatchObject({ exitCode: 0 })
  })
})

describe('in a namespace', () => {
  const env = { PATH: process.env.PATH ?? '' }
  const log = () => join(folder, 'namespace.txt')
  const bash = (script: string, more: object = {}) =>
    runner.run({ argv: ['bash', '-c', script], cwd: folder, env, log: log(), ...more })
  const runner = localCommandRunner({ isolation: 'namespace' })

  it('what is read-only for one command can be written by another, also by the next', async () => {
    const given = mkdtempSync(join(folder, 'given-'))
    const other = mkdtempSync(join(folder, 'other-'))
    const write = `echo x > ${given}/file; echo x > ${other}/file`
    await bash('true', { fills: [given] })
    await bash(write, { readOnly: [given], fills: [other] })
    expect([existsSync(join(given, 'file')), existsSync(join(other, 'file'))]).toEqual([false, true])
    await bash(write, { fills: [given, other] })
    expect(existsSync(join(given, 'file'))).toBe(true)
    const { exitCode } = await bash('touch beside', { readOnly: [folder] })
    expect(exitCode).toBe(0)
  })

  it.skipIf(!existsSync(MEMORY_GROUPS))('names the kill for want of memory', async () => {
    const group = join(MEMORY_GROUPS, `millwright-test-${process.pid}`)
    mkdirSync(group)
    try {
      writeFileSync(join(group, 'memory.limit_in_bytes'), '50000000')
      const eat = `echo 0 > ${group}/cgroup.procs; exec python3 -c 'bytearray(300_000_000)'`
      expect(await bash(eat)).toMatchObject({ killedBy: 'SIGKILL', outOfMemory: true })
      expect(await bash('kill -9 $$')).not.toHaveProperty('outOfMemory')
    } finally {
      rmdirSync(group)
    }
  })
})

async function buildProgram(isolation: 'namespace' | 'marker'): Promise<void> {
  const contents = `
    import { localCommandRunner } from './command-runner.ts'
    const runner = localCommandRunner({ isolation: '${isolation}' })
    await runner.run({ argv: ['bash', '-c', process.argv[2]], cwd: process.cwd(), env: { PATH: process.env.PATH }, log: 'log.txt' })`
  writeFileSync(join(folder, 'package.json'), '{}')
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(folder, `${isolation}.mjs`),
  })
}
