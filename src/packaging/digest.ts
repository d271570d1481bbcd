import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'

/** `sha256:…` of some bytes or UTF-8 text. */
export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** Passes bytes through unchanged; once they have ended, `result` tells their digest and number. */
export interface Meter {
  stream: Transform
  result(): { digest: string; size: number }
}

/** Makes a meter for one stream. `result` may be called only after the stream has ended. */
export function meter(): Meter {
  const hash = createHash('sha256')
  let size = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      done(null, chunk)
    },
  })
  return { stream, result: () => ({ digest: `sha256:${hash.digest('hex')}`, size }) }
}

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Whether a text is a digest as we write them; anything else must not become part of a path. */
export function isDigest(text: unknown): text is string {
  return typeof text === 'string' && DIGEST.test(text)
}
