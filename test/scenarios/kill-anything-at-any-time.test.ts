import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audit, leftovers, orphans } from '../support/auditor.ts'
import {
  allEnded,
  importTiny,
  type ServerProcess,
  setParameter,
  type TestHome,
  testHome,
  untilRuns,
} from '../support/millwright.ts'

let home: TestHome
let clone: string
let server: ServerProcess
let threshold = 10
let cds = 2

beforeAll(async () => {
  home = await testHome()
  server = await home.start()
  clone = await importTiny(home, folder => setParameter(folder, 'alpha', 'threshold', threshold))
  await untilRuns(home, allEnded('cd', cds))
})

afterAll(() => home.remove())

test('PostgreSQL is killed under running pipelines: it comes back, and every run ends well', async () => {
  await pushBetterModel()
  for (let i = 0; i < 3; i++) {
    await sleep(700)
    await killPostgres()
  }
  await expectPromoted()
})

test('server and PostgreSQL are killed at random moments: the next start needs no manual step', async () => {
  const random = seeded(20261123)
  for (let round = 0; round < 6; round++) {
    await pushBetterModel()
    await sleep(random() * 4000)
    const victims = random()
    if (victims < 0.7) await server.kill('SIGKILL')
    if (victims > 0.4) await killPostgres()
    if (victims < 0.7) {
      expect(await orphans(home, [])).toEqual([])
      server = await home.start()
    }
  }
  await untilRuns(home, allEnded('ci', cds + 6))
  cds += 5
  await expectPromoted()
})

test('Ctrl-C in the middle of training is graceful: the next start goes on with the run', async () => {
  await setParameter(clone, 'alpha', 'seconds', 3)
  await pushBetterModel()
  await untilRuns(home, runs => runs.find(run => run.pipeline === 'cd' && run.status === 'waiting'))
  await sleep(500)
  await server.kill('SIGINT')
  expect(await orphans(home, [])).toEqual([])
  server = await home.start()
  await expectPromoted()
})

test('what a step leaves running outside of its session dies with the server', async () => {
  await setParameter(clone, 'alpha', 'seconds', 60)
  await home.git(clone, 'commit', '-q', '-a', '-m', 'slow')
  await home.git(clone, 'push', '-q', 'origin', 'main')
  await untilRuns(home, runs => runs.find(run => run.stages.some(stage => stage.status === 'running')))
  await sleep(1500)
  expect(leftovers(home, [server.pid]).length).toBeGreaterThan(0)
  await server.kill('SIGKILL')
  await sleep(200)
  expect(await orphans(home, [])).toEqual([])
})

/** The newest CD run promoted, no promise is broken, and nothing is left running. */
async function expectPromoted(): Promise<void> {
  cds += 1
  const runs = await untilRuns(home, allEnded('cd', cds))
  expect(runs.map(run => run.status)).toEqual(runs.map(() => 'succeeded'))
  expect(runs[0]?.outcome).toBe('promoted')
  expect(await audit(home)).toEqual([])
  expect(await orphans(home, [server.pid])).toEqual([])
}

async function pushBetterModel(): Promise<void> {
  threshold += 1
  await setParameter(clone, 'alpha', 'threshold', threshold)
  await home.git(clone, 'commit', '-q', '-a', '-m', `threshold ${threshold}`)
  await home.git(clone, 'push', '-q', 'origin', 'main')
}

/** The file may still name one that is dead already: then there is nothing to kill. */
async function killPostgres(): Promise<void> {
  const file = join(home.path, 'postgres', 'data', 'postmaster.pid')
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10)
  if (!(pid > 0)) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {}
}

/** Mulberry32: the same moments in every run, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
