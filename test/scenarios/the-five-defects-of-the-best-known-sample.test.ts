import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localModelRegistry } from '#adapters/local/model-registry.ts'
import { connectDatabase } from '#database/connect.ts'
import { compareModels } from '#models/comparison.ts'
import { parsePredictions } from '#models/predictions.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import type { RunExplanation } from '#server/documents/explanation.ts'
import type { ImageDocument } from '#server/documents/image.ts'
import type { ModelDocument, ModelVersion } from '#server/documents/model.ts'
import type { RunDocument } from '#server/documents/run.ts'
import { type FreshDatabase, freshDatabase } from '../support/database.ts'
import {
  allEnded,
  importTiny,
  type ServerProcess,
  setParameter,
  type TestHome,
  testHome,
  untilRuns,
} from '../support/millwright.ts'

/** Thresholds at which the score component gives predictions that no metric can be computed from. */
const UNUSABLE = { 11: 'none at all', 12: 'nan in every row', 13: 'no file' }

describe('on a server', () => {
  let home: TestHome
  let clone: string
  let server: ServerProcess

  beforeAll(async () => {
    home = await testHome()
    server = await home.start()
    clone = await importTiny(home, async folder => {
      await writeFile(join(folder, 'mlops/shared/score/score.py'), await unusableScores(folder))
      await setParameter(folder, 'alpha', 'threshold', 11)
    })
    await untilRuns(home, allEnded('cd', 2))
  })
  afterAll(() => home?.remove())

  describe('a missing metric never wins', () => {
    test(`without an incumbent: ${UNUSABLE[11]}`, async () => {
      const cd = await lastCd('alpha')
      expect(cd).toMatchObject({ status: 'succeeded', outcome: 'invalid' })
      expect(await comparison(cd)).toMatchObject({
        ...{ verdict: 'invalid', reason: 'challenger_failed', champion: null },
        challenger: { version: 1, value: null },
      })
      expect(await best('alpha')).toBeUndefined()
      expect(await images('alpha')).toEqual([])
    })

    test.each([12, 13] as const)('without an incumbent, in the other ways: threshold %i', async threshold => {
      const cd = await train('alpha', threshold)
      expect([cd.outcome, (await comparison(cd))?.verdict]).toEqual(['invalid', 'invalid'])
      expect(await best('alpha')).toBeUndefined()
      expect(await images('alpha')).toEqual([])
    })

    test('against an incumbent, which stays', async () => {
      expect(await train('alpha', 45)).toMatchObject({ outcome: 'promoted' })
      const before = await images('alpha')
      expect(before.map(image => image.modelVersion)).toEqual([4])
      const cd = await train('alpha', 12)
      expect(cd).toMatchObject({ status: 'succeeded', outcome: 'invalid' })
      expect(await comparison(cd)).toMatchObject({ champion: { version: 4, value: 0.95 }, difference: null })
      expect(await best('alpha')).toMatchObject({ best: 4, revision: 1 })
      expect(await images('alpha')).toEqual(before)
    })
  })

  describe('a rejected model is not shipped', () => {
    test('the run succeeds, without an image, and the tags stay where they are', async () => {
      const before = await images('alpha')
      const cd = await train('alpha', 70)
      expect(cd).toMatchObject({ status: 'succeeded', outcome: 'kept' })
      expect(await comparison(cd)).toMatchObject({ verdict: 'keep', reason: 'not_better' })
      expect(cd.stages.slice(4).map(stage => stage.status)).toEqual(Array(4).fill('skipped'))
      expect(await images('alpha')).toEqual(before)
      expect(before[0]!.tags).toContain('dev')
      const { image } = await home.json<RunExplanation>('explain', 'run', cd.id)
      expect(image).toBeNull()
      const { tags } = await home.json<ModelVersion>('model', 'show', 'alpha')
      expect(tags).toEqual({ latest: 'true' })
    })

    test('a tie is a rejection too', async () => {
      const cd = await train('alpha', 45.1)
      expect(cd.outcome).toBe('kept')
      expect(await comparison(cd)).toMatchObject({ reason: 'tie', difference: 0 })
    })
  })

  describe("this run's model is compared, not the newest", () => {
    test.each<[string, number, number, string]>([
      ["a newer and better one is registered while this run's is worse", 80, 50, 'kept'],
      ["a newer and worse one is registered while this run's is better", 50, 80, 'promoted'],
    ])('when %s', async (_, ours, alien, outcome) => {
      const before = await best('beta')
      await server.kill('SIGTERM')
      server = await home.start({ env: { MILLWRIGHT_FAILPOINT: 'before:compare-models' } })
      const commit = await push('beta', ours)
      await server.exited
      const newest = await registerAlien('beta', alien)
      server = await home.start()
      const cd = await ended(commit)

      const evidence = await comparison(cd)
      expect(cd.outcome).toBe(outcome)
      expect(evidence!.challenger.version).toBe(newest - 1)
      expect(evidence!.champion?.version).toBe(before?.best)
      expect((await best('beta'))?.best).toBe(outcome === 'promoted' ? newest - 1 : before?.best)
      const versions = await home.json<ModelVersion[]>('model', 'versions', 'beta')
      expect(versions.at(-1)).toMatchObject({ version: newest, tags: { latest: 'true' } })
      expect((await images('beta')).map(image => image.modelVersion)).not.toContain(newest)
    })
  })

  async function push(modelType: string, threshold: number): Promise<string> {
    await setParameter(clone, modelType, 'threshold', threshold)
    await home.git(clone, 'commit', '-q', '-a', '-m', `threshold ${threshold}`)
    await home.git(clone, 'push', '-q', 'origin', 'HEAD:main')
    return home.git(clone, 'rev-parse', 'HEAD')
  }

  async function train(modelType: string, threshold: number): Promise<RunDocument> {
    return ended(await push(modelType, threshold))
  }

  function ended(commit: string): Promise<RunDocument> {
    return untilRuns(home, runs =>
      runs.find(run => run.commit === commit && run.pipeline === 'cd' && run.endedAt !== null),
    )
  }

  async function lastCd(modelType: string): Promise<RunDocument> {
    return (await home.json<RunDocument[]>('run', 'list', '--pipeline', 'cd', '--model-type', modelType))[0]!
  }

  async function comparison(run: RunDocument) {
    return (await home.json<RunExplanation>('explain', 'run', run.id)).comparison
  }

  async function best(model: string) {
    return (await home.json<ModelDocument>('model', 'show', model)).environments[0]
  }

  function images(modelType: string): Promise<ImageDocument[]> {
    return home.json('image', 'list', '--model-type', modelType)
  }

  /** What another job might register at the worst moment: between this run's training and its comparison. */
  async function registerAlien(model: string, threshold: number): Promise<number> {
    const folder = join(home.path, `alien-${threshold}`)
    await mkdir(folder)
    await writeFile(join(folder, 'model.json'), JSON.stringify({ threshold }))
    const { databaseUrl } = JSON.parse(await readFile(join(home.path, 'worker.json'), 'utf8'))
    const { db, close } = connectDatabase(databaseUrl)
    try {
      const registry = localModelRegistry({ db, directory: join(home.path, 'models') })
      const alien = { name: model, job: `alien-${threshold}`, folder, properties: {}, tags: {} }
      return (await registry.register(alien)).version
    } finally {
      await close()
    }
  }
})

describe('numbers are compared as numbers', () => {
  // As text, '9.8' is more than '10.2' and '1e-05' more than '0.5'.
  test.each([
    ['a smaller error', 'mae', '10.2', '9.8', 'promote'],
    ['a larger error', 'mae', '9.8', '10.2', 'keep'],
    ['a tiny error', 'mae', '0.5', '1e-05', 'promote'],
    ['an error that is larger than a tiny one', 'mae', '1e-05', '0.5', 'keep'],
    ['the same error, written otherwise', 'mae', '10.20', '1.02e1', 'keep'],
  ] as const)('%s', (_, metric, theirs, ours, verdict) => {
    const [champion, challenger] = [theirs, ours].map((error, index) => ({
      version: index + 1,
      predictions: parsePredictions(`target,prediction\n0,${error}\n`, { file: 'p.csv', target: 'target' }),
    }))
    const result = compareModels(metric, champion!, challenger!)
    expect(result.verdict).toBe(verdict)
    expect(result.challenger.value).toBe(Number(ours))
  })
})

describe('there is exactly one best, at every moment', () => {
  let database: FreshDatabase
  let registry: ModelRegistry
  let directory: string

  beforeAll(async () => {
    database = await freshDatabase()
    directory = await mkdtemp(join(tmpdir(), 'millwright-models-'))
    registry = localModelRegistry({ db: database.db, directory: join(directory, 'models') })
    for (let version = 1; version <= 8; version++) await register(version)
  })
  afterAll(async () => {
    await database?.close()
    await rm(directory, { recursive: true, force: true })
  })

  test('while many promote against each other and others look', async () => {
    expect(await promote(1)).toBe(true)
    let promoting = true
    const seen: number[] = []
    const look = async () => {
      while (promoting) {
        const versions = await registry.versions({ model: 'm' })
        const tagged = versions.filter(({ tags }) => tags.best?.split(',').includes('dev'))
        const listed = (await registry.champions.list('m')).filter(({ environment }) => environment === 'dev')
        expect([tagged.length, listed.length]).toEqual([1, 1])
        seen.push(tagged[0]!.version)
      }
    }
    const lookers = [look(), look()]
    const workers = Array.from({ length: 6 }, (_, index) => climb(index))
    const won = (await Promise.all(workers)).flat()
    promoting = false
    await Promise.all(lookers)

    expect(seen.length).toBeGreaterThan(10)
    const history = await registry.champions.history('m', 'dev')
    // Every win is one move, no move was overwritten, and each begins where the one before ended.
    expect(history).toHaveLength(won.length + 1)
    expect(history.map(move => move.revision)).toEqual(history.map((_, index) => index + 1))
    expect(history.map(move => move.from)).toEqual([null, ...history.slice(0, -1).map(move => move.version)])
    expect(await registry.champions.current('m', 'dev')).toMatchObject({
      best: history.at(-1)!.version,
      revision: history.length,
    })
  })

  test('a decision that was based on an older best is refused', async () => {
    const { best, revision } = await registry.champions.current('m', 'dev')
    const other = best === 3 ? 4 : 3
    expect(await promote(other, revision - 1)).toBe(false)
    expect(await registry.champions.current('m', 'dev')).toMatchObject({ best, revision })
  })

  test('a promotion that is told twice is one move', async () => {
    const { best, revision } = await registry.champions.current('m', 'dev')
    const other = best === 5 ? 6 : 5
    expect([await promote(other, revision), await promote(other, revision)]).toEqual([true, true])
    expect(await registry.champions.current('m', 'dev')).toMatchObject({
      best: other,
      revision: revision + 1,
    })
  })

  async function register(version: number): Promise<void> {
    const folder = join(directory, String(version))
    await mkdir(folder)
    await writeFile(join(folder, 'model.json'), String(version))
    await registry.register({ name: 'm', job: `job-${version}`, folder, properties: {}, tags: {} })
  }

  async function promote(version: number, expectedRevision = 0, by = 'test'): Promise<boolean> {
    return registry.champions.promote({
      ...{ model: 'm', environment: 'dev', version, expectedRevision, by },
      ...{ reason: 'better', evidence: {} },
    })
  }

  /** Promotes as `compare-models` does: look, decide, move by compare-and-swap. Returns the revisions that it made. */
  async function climb(seed: number): Promise<number[]> {
    const won: number[] = []
    for (let turn = 0; turn < 15; turn++) {
      const { best, revision } = await registry.champions.current('m', 'dev')
      const version = (((best ?? 1) + seed + turn) % 8) + 1
      if (version !== best && (await promote(version, revision, `worker ${seed}`))) won.push(revision + 1)
    }
    return won
  }
})

/** The score component of the tiny repository, but for models with a threshold of {@link UNUSABLE}. */
async function unusableScores(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'mlops/shared/score/score.py'), 'utf8')
  return text
    .replace('with open(', 'if threshold == 13:\n    sys.exit(0)\nwith open(')
    .replace('in csv.DictReader(rows)', 'in [] if threshold == 11 else csv.DictReader(rows)')
    .replace(
      'int(float(row["x"]) > threshold)',
      '"nan" if threshold == 12 else int(float(row["x"]) > threshold)',
    )
}
