import { afterAll, beforeAll, expect, test } from 'vitest'
import { audit, leftovers } from '../support/auditor.ts'
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

beforeAll(async () => {
  home = await testHome()
  server = await home.start()
  clone = await importTiny(home)
  await untilRuns(home, allEnded('cd', 2))
})

afterAll(() => home.remove())

test('two workers share the work, and when one dies for good the other takes its runs over within 60 seconds', async () => {
  const worker = await home.start({ words: ['worker', '--name', 'second'] })
  for (const modelType of ['alpha', 'beta']) {
    await setParameter(clone, modelType, 'threshold', 45)
    await setParameter(clone, modelType, 'seconds', 4)
  }
  await home.git(clone, 'commit', '-q', '-a', '-m', 'better')
  await home.git(clone, 'push', '-q', 'origin', 'main')
  await untilRuns(
    home,
    runs => runs.filter(run => run.pipeline === 'cd' && run.status === 'waiting').length === 2 || undefined,
  )

  await worker.kill('SIGKILL')
  const killedAt = Date.now()
  expect(leftovers(home, [server.pid]).filter(line => line.includes('second'))).toEqual([])
  const runs = await untilRuns(home, allEnded('cd', 4), 60)
  expect(runs.map(run => run.outcome)).toEqual(['promoted', 'promoted', 'promoted', 'promoted'])
  expect(Date.now() - killedAt).toBeLessThan(60_000)
  expect(await audit(home)).toEqual([])
})
