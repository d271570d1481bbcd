import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConflictError, NotFoundError, UserError } from '#errors.ts'
import type { ModelVersion, Promotion } from '#models/version.ts'
import type { ModelRegistry, NewModel } from '#ports/model-registry.ts'

/** What every model registry does. `make` gives an empty one. */
export function modelRegistryContract(
  adapter: string,
  make: () => Promise<{ registry: ModelRegistry; close(): Promise<void> }>,
): void {
  describe(`model registry: ${adapter}`, () => {
    let made: Awaited<ReturnType<typeof make>>
    let registry: ModelRegistry
    let folder: string
    beforeEach(async () => {
      made = await make()
      registry = made.registry
      folder = await mkdtemp(join(tmpdir(), 'millwright-model-'))
    })
    afterEach(async () => {
      await made.close()
      await rm(folder, { recursive: true, force: true })
    })

    async function newModel(
      job: string,
      change: Partial<NewModel> & { bytes?: string } = {},
    ): Promise<NewModel> {
      const { bytes = job, ...rest } = change
      const source = join(folder, job)
      await mkdir(join(source, 'data'), { recursive: true })
      await writeFile(join(source, 'data', 'model.bin'), bytes)
      return { name: 'm', job, folder: source, properties: { commit: 'c1' }, tags: {}, ...rest }
    }

    const promotion = (change: Partial<Promotion>): Promotion => ({
      ...{ model: 'm', environment: 'dev', version: 1, expectedRevision: 0 },
      ...{ by: 'ci', reason: 'better', evidence: { f1: 0.9 } },
      ...change,
    })

    const tagged = (versions: ModelVersion[], key: string) =>
      versions.filter(version => key in version.tags).map(version => version.version)

    describe('versions', () => {
      test('count from 1, keep their files, and the newest is latest', async () => {
        const first = await registry.register(await newModel('job-1', { tags: { team: 'mill' } }))
        const second = await registry.register(await newModel('job-2'))
        expect(first).toMatchObject({ name: 'm', version: 1, properties: { commit: 'c1' } })
        expect(first.tags).toEqual({ latest: 'true', team: 'mill' })
        expect(second.version).toBe(2)
        const all = await registry.versions({ model: 'm' })
        expect(all.map(version => version.version)).toEqual([1, 2])
        expect(tagged(all, 'latest')).toEqual([2])
        const stored = join(await registry.folder('m', 1), 'data', 'model.bin')
        expect(await readFile(stored, 'utf8')).toBe('job-1')
        expect((await stat(stored)).mode & 0o222).toBe(0)
      })

      test('are found by model, number and job', async () => {
        await registry.register(await newModel('job-1'))
        await registry.register(await newModel('job-2', { name: 'other' }))
        const named = async (query: Parameters<ModelRegistry['versions']>[0]) =>
          (await registry.versions(query)).map(version => `${version.name}:${version.version}`)
        expect(await named({})).toEqual(['m:1', 'other:1'])
        expect(await named({ job: 'job-2' })).toEqual(['other:1'])
        expect(await named({ model: 'm', version: 1 })).toEqual(['m:1'])
        expect(await named({ model: 'nobody' })).toEqual([])
      })

      test('a job registers one version, also when 20 calls race', async () => {
        const model = await newModel('job-1')
        const answers = await Promise.all(Array.from({ length: 20 }, () => registry.register(model)))
        expect(new Set(answers.map(version => version.version))).toEqual(new Set([1]))
        expect(await registry.versions({})).toHaveLength(1)
        expect((await registry.register(await newModel('job-2'))).version).toBe(2)
      })

      test('a job that comes with other bytes or another name is a conflict', async () => {
        await registry.register(await newModel('job-1'))
        const otherBytes = await newModel('job-1', { bytes: 'changed' })
        await expect(registry.register(otherBytes)).rejects.toThrow(ConflictError)
        const otherName = await newModel('job-1', { name: 'other' })
        await expect(registry.register(otherName)).rejects.toThrow(ConflictError)
      })

      test('a job whose folder was cleaned up since finds its version', async () => {
        const model = await newModel('job-1')
        await registry.register(model)
        await rm(model.folder, { recursive: true })
        expect((await registry.register(model)).version).toBe(1)
      })

      test('20 jobs at once get 20 versions without gaps', async () => {
        const models = await Promise.all(Array.from({ length: 20 }, (_, i) => newModel(`job-${i}`)))
        await Promise.all(models.map(model => registry.register(model)))
        const all = await registry.versions({ model: 'm' })
        expect(all.map(version => version.version)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
        expect(tagged(all, 'latest')).toEqual([20])
      })

      test('what is missing, empty or hostile is refused in words', async () => {
        const model = await newModel('job-1')
        for (const name of ['', '..', 'a b', '$(touch x)', 'a/b']) {
          await expect(registry.register({ ...model, name })).rejects.toMatchObject({ code: 'invalid-name' })
        }
        await expect(registry.register({ ...model, folder: join(folder, 'no') })).rejects.toThrow(UserError)
        await mkdir(join(folder, 'empty'))
        await expect(registry.register({ ...model, folder: join(folder, 'empty') })).rejects.toThrow(
          UserError,
        )
        await expect(registry.folder('m', 1)).rejects.toThrow(NotFoundError)
        await expect(registry.annotate('m', 1, {})).rejects.toThrow(NotFoundError)
        expect(await registry.versions({})).toEqual([])
      })
    })

    describe('annotations', () => {
      test('tags are overwritten, properties are write-once', async () => {
        await registry.register(await newModel('job-1'))
        await registry.annotate('m', 1, { tags: { image: 'a' }, properties: { f1: '0.9' } })
        await registry.annotate('m', 1, { tags: { image: 'b' }, properties: { f1: '0.9' } })
        const [version] = await registry.versions({ model: 'm' })
        expect(version!.tags).toEqual({ latest: 'true', image: 'b' })
        expect(version!.properties).toEqual({ commit: 'c1', f1: '0.9' })
        const change = { properties: { f1: '0.8' }, tags: { image: 'c' } }
        await expect(registry.annotate('m', 1, change)).rejects.toThrow(ConflictError)
        expect((await registry.versions({ model: 'm' }))[0]).toEqual(version)
      })

      test('latest and best belong to the registry', async () => {
        await registry.register(await newModel('job-1'))
        await expect(registry.annotate('m', 1, { tags: { best: 'dev' } })).rejects.toThrow(UserError)
        const model = await newModel('job-2', { tags: { latest: 'no' } })
        await expect(registry.register(model)).rejects.toThrow(UserError)
      })
    })

    describe('champions', () => {
      beforeEach(async () => {
        for (const job of ['job-1', 'job-2', 'job-3']) await registry.register(await newModel(job))
      })

      test('an unknown model has none', async () => {
        const none = { model: 'nobody', environment: 'dev', best: null, revision: 0 }
        expect(await registry.champions.current('nobody', 'dev')).toMatchObject(none)
        expect(await registry.champions.list('nobody')).toEqual([])
      })

      test('move by compare-and-swap, each move with its audit row', async () => {
        const { champions } = registry
        expect(await champions.promote(promotion({}))).toBe(true)
        expect(await champions.promote(promotion({ version: 2, expectedRevision: 0 }))).toBe(false)
        expect(await champions.promote(promotion({ version: 2, expectedRevision: 1, by: 'ann' }))).toBe(true)
        const current = await champions.current('m', 'dev')
        expect(current).toMatchObject({ best: 2, revision: 2, by: 'ann', reason: 'better' })
        expect(await champions.list()).toEqual([current])
        expect(await champions.history('m', 'dev')).toMatchObject([
          { from: null, version: 1, revision: 1, expectedRevision: 0, evidence: { f1: 0.9 } },
          { from: 1, version: 2, revision: 2, expectedRevision: 1 },
        ])
      })

      test('a repeated promotion is answered as the first time, and moves nothing', async () => {
        const { champions } = registry
        await champions.promote(promotion({}))
        expect(await champions.promote(promotion({}))).toBe(true)
        await champions.promote(promotion({ version: 2, expectedRevision: 1 }))
        expect(await champions.promote(promotion({}))).toBe(true)
        expect((await champions.current('m', 'dev')).best).toBe(2)
        expect(await champions.history('m', 'dev')).toHaveLength(2)
      })

      test('environments move apart; tag best names the environments', async () => {
        const { champions } = registry
        await Promise.all([
          champions.promote(promotion({})),
          champions.promote(promotion({ environment: 'qa' })),
        ])
        const best = async () => (await registry.versions({ model: 'm' })).map(version => version.tags.best)
        expect(await best()).toEqual(['dev,qa', undefined, undefined])
        await champions.promote(promotion({ version: 3, expectedRevision: 1 }))
        expect(await best()).toEqual(['qa', undefined, 'dev'])
      })

      test('a version that isn’t there can’t be best', async () => {
        await expect(registry.champions.promote(promotion({ version: 9 }))).rejects.toThrow(NotFoundError)
        expect((await registry.champions.current('m', 'dev')).best).toBeNull()
      })

      test('of racing promotions exactly one wins per revision, and a reader always sees one best', async () => {
        await registry.champions.promote(promotion({}))
        let racing = true
        const seen: number[] = []
        const reader = (async () => {
          while (racing) seen.push(tagged(await registry.versions({ model: 'm' }), 'best').length)
        })()
        for (let revision = 1; revision <= 5; revision++) {
          const rivals = Array.from({ length: 50 }, (_, i) =>
            promotion({ version: (i % 3) + 1, expectedRevision: revision, by: `rival-${i}` }),
          )
          await Promise.all(rivals.map(rival => registry.champions.promote(rival)))
          const { best, by } = await registry.champions.current('m', 'dev')
          expect(rivals.find(rival => rival.by === by)?.version).toBe(best)
        }
        racing = false
        await reader
        expect(seen.length).toBeGreaterThan(5)
        expect(new Set(seen)).toEqual(new Set([1]))
        const moves = await registry.champions.history('m', 'dev')
        expect(moves.map(move => move.revision)).toEqual([1, 2, 3, 4, 5, 6])
        expect(moves.slice(1).map(move => move.from)).toEqual(moves.slice(0, -1).map(move => move.version))
      })
    })
  })
}
