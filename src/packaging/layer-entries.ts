import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import tar from 'tar-stream'
import { StageFailure } from '#errors.ts'
import { meter } from './digest.ts'
import type { Descriptor } from './documents.ts'
import { damaged } from './layout.ts'

/** An entry of a layer. `path` is relative and safe: no `..`, no leading slash, no trailing one. */
export interface LayerEntry {
  path: string
  /** tar's word: `file`, `directory`, `symlink`, … */
  type: string
  mode: number
  bytes: number
  /** Read it or leave it; what is left is skipped. */
  content: Readable
}

/**
 * Reads a layer blob from beginning to end, one entry at a time, and verifies digests of blob and tar at the end;
 * so what was read counts only when the iteration has ended. Throws StageFailure for damage and unsafe paths.
 */
export async function* layerEntries(
  blob: Readable,
  descriptor: Descriptor,
  diffId: string | undefined,
): AsyncGenerator<LayerEntry> {
  const outer = meter()
  const inner = meter()
  const extract = tar.extract()
  const flow = pipeline([blob, outer.stream, decompressor(descriptor), inner.stream, extract])
  flow.catch(() => {})
  try {
    yield* safeEntries(extract)
    await flow
  } catch (cause) {
    throw cause instanceof StageFailure ? cause : damaged(descriptor.digest, cause)
  }
  const { digest, size } = outer.result()
  const tarDigest = inner.result().digest
  if (digest !== descriptor.digest || size !== descriptor.size) throw damaged(descriptor.digest)
  if (diffId !== tarDigest)
    throw new StageFailure(`the layer ${digest} unpacks to ${tarDigest}, not ${diffId}`)
}

function decompressor({ mediaType }: Descriptor): NodeJS.ReadWriteStream {
  if (mediaType.endsWith('.tar')) return new PassThrough()
  if (mediaType.endsWith('+gzip') || mediaType.endsWith('.gzip')) return createGunzip()
  throw new StageFailure(`layers of the media type ${mediaType} can't be read`)
}

async function* safeEntries(extract: tar.Extract): AsyncGenerator<LayerEntry> {
  for await (const entry of extract) {
    const { name, type, mode = 0, size = 0 } = entry.header
    const path = safePath(name)
    const content = entry as unknown as Readable
    if (path !== '') yield { path, type: type ?? 'file', mode, bytes: size, content }
    entry.resume()
  }
}

function safePath(name: string): string {
  const segments = name.replace(/\/$/, '').split('/')
  const inner = segments[0] === '.' ? segments.slice(1) : segments
  const strange = inner.some(segment => segment === '' || segment === '.' || segment === '..')
  if (strange || name.includes('\0')) throw new StageFailure(`${JSON.stringify(name)} would leave the image`)
  return inner.join('/')
}
