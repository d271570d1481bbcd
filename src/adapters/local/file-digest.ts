import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Size and sha256 of a file. */
export async function fileDigest(file: string): Promise<{ bytes: number; digest: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` }
}
