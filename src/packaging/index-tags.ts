import { type Descriptor, TAG_ANNOTATION } from './documents.ts'

/**
 * Tags in an OCI layout's index: one entry per tag, and one without a tag for an image that has none,
 * so that every image stays reachable by its digest.
 */
export function withManifest(entries: readonly Descriptor[], manifest: Descriptor): Descriptor[] {
  if (entries.some(entry => entry.digest === manifest.digest)) return [...entries]
  return [...entries, untagged(manifest)]
}

/** Moves `tag` to the image `digest`, which must be there. */
export function withTag(entries: readonly Descriptor[], digest: string, tag: string): Descriptor[] {
  const manifest = entries.find(entry => entry.digest === digest)
  if (!manifest) throw new Error(`${digest} isn't in the index`)
  const moved = entries.find(entry => tagOf(entry) === tag)
  const others = entries.filter(entry => entry !== moved && !(entry.digest === digest && !tagOf(entry)))
  const kept = moved && moved.digest !== digest ? withManifest(others, moved) : others
  return [...kept, { ...untagged(manifest), annotations: { [TAG_ANNOTATION]: tag } }]
}

/** Digests by tag. */
export function tagsOf(entries: readonly Descriptor[]): Record<string, string> {
  const tagged = entries.filter(entry => tagOf(entry) !== undefined)
  return Object.fromEntries(tagged.map(entry => [tagOf(entry)!, entry.digest]))
}

function tagOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[TAG_ANNOTATION]
}

function untagged({ annotations: _, ...descriptor }: Descriptor): Descriptor {
  return descriptor
}
