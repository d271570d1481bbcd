import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audit, orphans } from '../support/auditor.ts'
import {
  allEnded,
  importTiny,
  type ServerProcess,
  setParameter,
  type TestHome,
  testHome,
  untilRuns,
} from '../support/millwright.ts'

/** Points between an effect and its record, where a crash would lose or repeat something. */
const POINTS = [
  'trigger:recorded',
  'trigger:runs-created',
  'before:unit-tests',
  'effect:package-artifacts',
  'after:package-artifacts',
  'effect:publish-ml-pipeline',
  'waiting:run-ml-pipeline',
  'ml-job:ran',
  'ml-job:registered',
  'effect:run-ml-pipeline',
  'effect:compare-models',
  'after:compare-models',
  'effect:build-inference-image',
  'effect:push-inference-image',
  'effect:tag-model',
]

let home: TestHome
let clone: string
let threshold = 32
let pushes = 0

beforeAll(async () => {
  home = await testHome()
  const server = await home.start()
  clone = await importTiny(home, folder => setParameter(folder, 'alpha', 'threshold', threshold))
  await untilRuns(home, allEnded('cd', 2))
  await server.kill('SIGTERM')
})

afterAll(() => home.remove())

test.each(POINTS)('a server that dies at %s leaves nothing behind', async point => {
  const dying = await home.start({ env: { MILLWRIGHT_FAILPOINT: point } })
  await untilItDies(dying)
  expect(await orphans(home, [])).toEqual([])
})

test('the next start goes on after all of this, and nothing has happened twice', async () => {
  const server = await home.start()
  const runs = await untilRuns(home, all => (all.every(run => run.endedAt !== null) ? all : undefined))
  const later = runs.filter(run => run.pipeline === 'cd' && run.modelType === 'alpha')
  expect(later.length).toBe(1 + pushes)
  expect(later.map(run => [run.status, run.outcome])).toEqual(later.map(() => ['succeeded', 'promoted']))
  expect(await audit(home)).toEqual([])
  await server.kill('SIGKILL')
})

/** What an earlier death has left comes to the point, or else a new change does. */
async function untilItDies(server: ServerProcess): Promise<void> {
  let dead = false
  void server.exited.then(() => {
    dead = true
  })
  while (!dead) {
    const idle = await untilRuns(home, runs => runs.every(run => run.endedAt !== null), 1).catch(() => false)
    if (idle && !dead) await pushBetterModel()
    await Promise.race([server.exited, sleep(500)])
  }
}

/** Every push makes the model a little better, so that each CD run promotes. */
async function pushBetterModel(): Promise<void> {
  threshold += 1
  pushes += 1
  await setParameter(clone, 'alpha', 'threshold', threshold)
  await home.git(clone, 'commit', '-q', '-a', '-m', `threshold ${threshold}`)
  await home.git(clone, 'push', '-q', 'origin', 'main')
}
