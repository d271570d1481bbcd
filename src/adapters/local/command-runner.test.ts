import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandRunnerContract } from '../../../test/contracts/command-runner.ts'
import { localCommandRunner } from './command-runner.ts'
import { sweepOrphans } from './marked-tree.ts'

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
