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
/** CD runs so far: one per model type at the import. */
let cds = 2

beforeAll(async () => {
  home = await testHome()
  const server = await home.start()
  clone = await importTiny(home, folder => setParameter(folder, 'alpha', 'threshold', threshold))
  await untilRuns(home, allEnded('cd', 2))
  await server.kill('SIGTERM')
})

afterAll(() => home.remove())

test.each(POINTS)(
  'a server that dies at %s goes on after the next start, and nothing happens twice',
  async point => {
    const dying = await home.start({ env: { MILLWRIGHT_FAILPOINT: point } })
    await pushBetterModel()
    await dying.exited
    expect(await orphans(home, [])).toEqual([])

    await withServer(async () => {
      cds += 1
      const runs = await untilRuns(home, allEnded('cd', cds))
      expect(runs[0]).toMatchObject({ modelType: 'alpha', status: 'succeeded', outcome: 'promoted' })
      expect(await audit(home)).toEqual([])
    })
  },
)

async function withServer<T>(use: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await home.start()
  try {
    return await use(server)
  } finally {
    await server.kill('SIGKILL')
  }
}

/** Every push makes the model a little better, so that each CD run promotes. */
async function pushBetterModel(): Promise<void> {
  threshold += 1
  await setParameter(clone, 'alpha', 'threshold', threshold)
  await home.git(clone, 'commit', '-q', '-a', '-m', `threshold ${threshold}`)
  await home.git(clone, 'push', '-q', 'origin', 'main')
}
