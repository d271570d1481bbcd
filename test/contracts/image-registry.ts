import { randomBytes } from 'node:crypto'
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ConflictError, NotFoundError, UserError } from '#errors.ts'
import { type ImageDocuments, readImage } from '#packaging/layout.ts'
import type { ImageRegistry } from '#ports/image-registry.ts'
import { type TinyModel, tinyModel } from '../support/tiny-model.ts'

export interface RegistryUnderTest {
  registry: ImageRegistry
  /** Bytes of a blob as a reader would get them. */
  blob(repository: string, digest: string): Promise<Buffer>
  close(): Promise<void>
}

/** What every image registry does. */
export function imageRegistryContract(adapter: string, make: () => Promise<RegistryUnderTest>): void {
  describe(`image registry: ${adapter}`, { timeout: 30_000 }, () => {
    let first: TinyModel
    let second: TinyModel
    let made: RegistryUnderTest
    beforeAll(async () => {
      first = await tinyModel()
      second = await tinyModel({ weights: '[0, 1]' })
    })
    afterAll(async () => {
      for (const tiny of [first, second]) await rm(tiny.folder, { recursive: true, force: true })
    })
    beforeEach(async () => {
      made = await make()
    })
    afterEach(() => made.close())

    test('a pushed image is there byte for byte, and pushing it again changes nothing', async () => {
      const { registry, blob } = made
      expect(await registry.push(first.layout, 'team/tiny')).toBe(first.image.digest)
      expect(await registry.push(first.layout, 'team/tiny')).toBe(first.image.digest)
      expect(await registry.resolve('team/tiny', first.image.digest)).toBe(first.image.digest)
      const { manifest } = await documents(first)
      for (const { digest } of [manifest.config, ...manifest.layers]) {
        const original = await readFile(join(first.layout, 'blobs', digest.replace(':', '/')))
        expect((await blob('team/tiny', digest)).equals(original)).toBe(true)
      }
      expect(await registry.tags('team/tiny')).toEqual({})
    })

    test('a layer that is larger than one request', async () => {
      const { folder, layout, image } = await tinyModel({ extra: randomBytes(20 * 1024 * 1024) })
      expect(await made.registry.push(layout, 'tiny')).toBe(image.digest)
      const { manifest } = await readImage(path => readFile(join(layout, path)))
      const model = manifest.layers[1]!
      expect((await made.blob('tiny', model.digest)).length).toBe(model.size)
      await rm(folder, { recursive: true })
    })

    test('tags name digests and move', async () => {
      const { registry } = made
      await registry.push(first.layout, 'tiny')
      await registry.tag('tiny', first.image.digest, 'dev')
      await registry.tag('tiny', first.image.digest, 'dev')
      await registry.tag('tiny', first.image.digest, 'abc-1')
      await registry.push(second.layout, 'tiny')
      await registry.tag('tiny', second.image.digest, 'dev')
      expect(await registry.tags('tiny')).toEqual({ dev: second.image.digest, 'abc-1': first.image.digest })
      expect(await registry.resolve('tiny', 'dev')).toBe(second.image.digest)
      expect(await registry.resolve('tiny', first.image.digest)).toBe(first.image.digest)
    })

    test('an image whose only tag moved away is still there by its digest', async () => {
      const { registry } = made
      for (const { layout, image } of [first, second]) {
        await registry.push(layout, 'tiny')
        await registry.tag('tiny', image.digest, 'dev')
      }
      expect(await registry.resolve('tiny', first.image.digest)).toBe(first.image.digest)
    })

    test('an immutable tag is set once', async () => {
      const { registry } = made
      for (const { layout } of [first, second]) await registry.push(layout, 'tiny')
      await registry.tag('tiny', first.image.digest, 'abc-1', { immutable: true })
      await registry.tag('tiny', first.image.digest, 'abc-1', { immutable: true })
      const moved = registry.tag('tiny', second.image.digest, 'abc-1', { immutable: true })
      await expect(moved).rejects.toThrow(ConflictError)
      expect(await registry.resolve('tiny', 'abc-1')).toBe(first.image.digest)
    })

    test('what is not there is null, none, or an error that says so', async () => {
      const { registry } = made
      expect(await registry.resolve('unknown', 'dev')).toBeNull()
      expect(await registry.tags('unknown')).toEqual({})
      await expect(registry.tag('unknown', first.image.digest, 'dev')).rejects.toThrow(NotFoundError)
      await registry.push(first.layout, 'tiny')
      expect(await registry.resolve('tiny', 'dev')).toBeNull()
      expect(await registry.resolve('tiny', second.image.digest)).toBeNull()
      await expect(registry.tag('tiny', second.image.digest, 'dev')).rejects.toThrow(NotFoundError)
    })

    test('hostile names are refused', async () => {
      const { registry } = made
      for (const name of ['../tiny', 'Tiny', 'a//b', '/a', 'a b', '', 'a/../b']) {
        await expect(registry.push(first.layout, name)).rejects.toThrow(UserError)
      }
      await registry.push(first.layout, 'tiny')
      for (const tag of ['../x', 'a b', '', '-x', 'x'.repeat(129)]) {
        await expect(registry.tag('tiny', first.image.digest, tag)).rejects.toThrow(UserError)
      }
    })

    test('a damaged layout is not pushed', async () => {
      const { manifest } = await documents(first)
      for (const damage of [flip, (file: string) => truncate(file, 3)]) {
        const copy = `${first.layout}-damaged`
        await cp(first.layout, copy, { recursive: true })
        await damage(join(copy, 'blobs', manifest.layers[1]!.digest.replace(':', '/')))
        await expect(made.registry.push(copy, 'tiny')).rejects.toThrow('damaged')
        expect(await made.registry.resolve('tiny', first.image.digest)).toBeNull()
        await rm(copy, { recursive: true })
      }
    })

    test('many tags, set at once by many', async () => {
      const { registry } = made
      await Promise.all([first, second].map(({ layout }) => registry.push(layout, 'tiny')))
      const names = Array.from({ length: 25 }, (_, index) => `abc-${index}`)
      await Promise.all(names.map(tag => registry.tag('tiny', first.image.digest, tag)))
      expect(await registry.tags('tiny')).toEqual(
        Object.fromEntries(names.map(tag => [tag, first.image.digest])),
      )
    })
  })
}

function documents(tiny: TinyModel): Promise<ImageDocuments> {
  return readImage(path => readFile(join(tiny.layout, path)))
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[bytes.length - 1]! ^= 1
  await writeFile(file, bytes)
}
