import { Transform } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'

/** `stored` is gzip without compressing, for registries and devices that take nothing but gzip. */
export type Compression = 'gzip' | 'stored' | 'none'

/** How many bytes {@link worthCompressing} looks at. */
export const SAMPLE_BYTES = 4 * 1024 * 1024

/** Gain below which a layer is left alone: gzip takes 25 ms per MB, float weights shrink by less than a tenth. */
const WORTHWHILE_GAIN = 0.1

/** Below this, the tar's own padding decides. */
const SMALL_BYTES = 4096

/** Decides from a sample of the content whether gzip pays. */
export function worthCompressing(sample: Uint8Array): boolean {
  if (sample.length < SMALL_BYTES) return true
  return gzipSync(sample, { level: 1 }).length < sample.length * (1 - WORTHWHILE_GAIN)
}

/** The layer's media type for a compression. */
export function layerMediaType(compression: Compression): string {
  const tar = 'application/vnd.oci.image.layer.v1.tar'
  return compression === 'none' ? tar : `${tar}+gzip`
}

/** Streams to pipe a layer's tar through, in order. The bytes don't depend on the operating system. */
export function compressing(compression: Compression): NodeJS.ReadWriteStream[] {
  if (compression === 'none') return []
  return [createGzip({ level: compression === 'stored' ? 0 : 6 }), withUnknownSystem()]
}

const SYSTEM_BYTE = 9

/** RFC 1952: byte 9 of the header names the operating system; 255 is unknown. */
function withUnknownSystem(): Transform {
  let position = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const index = SYSTEM_BYTE - position
      if (index >= 0 && index < chunk.length) chunk[index] = 255
      position += chunk.length
      done(null, chunk)
    },
  })
}
