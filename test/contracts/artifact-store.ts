import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NotFoundError } from '#errors.ts'
import type { ArtifactStore } from '#ports/artifact-store.ts'

/** What every artifact store does. `damage` changes a stored artifact's bytes behind its back. */
export function artifactStoreContract(
  adapter: string,
  make: () => Promise<{
    store: ArtifactStore
    damage(digest: string): Promise<void>
    close(): Promise<void>
  }>,
): void {
  describe(`artifact store: ${adapter}`, () => {
    const hello = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    let made: Awaited<ReturnType<typeof make>>
    let folder: string
    let file: string
    beforeEach(async () => {
      made = await make()
      folder = await mkdtemp(join(tmpdir(), 'millwright-artifact-'))
      file = join(folder, 'in.tar')
      await writeFile(file, 'hello')
    })
    afterEach(async () => {
      await made.close()
      await rm(folder, { recursive: true, force: true })
    })

    test('the same bytes are one artifact, however often and at once', async () => {
      const digests = await Promise.all(Array.from({ length: 10 }, () => made.store.put(file)))
      expect(new Set(digests)).toEqual(new Set([hello]))
      expect(await made.store.has(hello)).toBe(true)
      const copy = join(folder, 'out.tar')
      await made.store.get(hello, copy)
      await made.store.get(hello, copy)
      expect(await readFile(copy, 'utf8')).toBe('hello')
      await writeFile(copy, 'a copy may be changed')
    })

    test('an unknown digest isn’t there', async () => {
      const unknown = `sha256:${'0'.repeat(64)}`
      for (const digest of [unknown, '../../etc/passwd', '']) {
        expect(await made.store.has(digest)).toBe(false)
        await expect(made.store.get(digest, join(folder, 'out'))).rejects.toThrow(NotFoundError)
      }
    })

    test('damaged bytes are never handed out, and storing them again mends them', async () => {
      await made.store.put(file)
      await made.damage(hello)
      await expect(made.store.get(hello, join(folder, 'out'))).rejects.toThrow('damaged')
      expect(await readdir(folder)).toEqual(['in.tar'])
      await made.store.put(file)
      await made.store.get(hello, join(folder, 'out'))
      expect(await readFile(join(folder, 'out'), 'utf8')).toBe('hello')
    })
  })
}
