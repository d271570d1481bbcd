import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from './digest.ts'
import type { Descriptor } from './documents.ts'
import { tagsOf, withManifest, withTag } from './index-tags.ts'

const images: Descriptor[] = ['a', 'b', 'c'].map(text => ({ mediaType: 'm', digest: sha256(text), size: 1 }))
const moves = fc.array(fc.tuple(fc.constantFrom(...images), fc.constantFrom('dev', 'qa', 'x-1')))

test('tags behave as a map, and no image is lost', () => {
  fc.assert(
    fc.property(moves, steps => {
      let entries = images.reduce<Descriptor[]>(withManifest, [])
      const expected: Record<string, string> = {}
      for (const [image, tag] of steps) {
        entries = withTag(withManifest(entries, image), image.digest, tag)
        expected[tag] = image.digest
      }
      expect(tagsOf(entries)).toEqual(expected)
      expect(new Set(entries.map(entry => entry.digest))).toEqual(new Set(images.map(image => image.digest)))
      const untagged = entries.filter(entry => !entry.annotations).map(entry => entry.digest)
      expect(untagged.filter(digest => Object.values(expected).includes(digest))).toEqual([])
      expect(new Set(untagged).size).toBe(untagged.length)
    }),
  )
})
