import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'

/** Size and sha256 of each file, relative to `root`. */
export async function fileDigests(
  root: string,
  paths: readonly string[],
): Promise<{ path: string; bytes: number; digest: string }[]> {
  const found = []
  for (const path of paths) found.push({ path, ...(await fileDigest(join(root, path))) })
  return found
}

async function fileDigest(file: string): Promise<{ bytes: number; digest: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` }
}
