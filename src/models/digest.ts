import { createHash } from 'node:crypto'

/** A file of a model or dataset; `digest` is `sha256:` and 64 hex digits of its bytes. */
export interface DigestedFile {
  /** Relative to the folder, with forward slashes, no leading `./`. */
  path: string
  bytes: number
  digest: string
}

/**
 * Digest of a folder's contents: sha256 over one line per file, `path NUL size NUL sha256 LF` (UTF-8, decimal size,
 * 64 lower-case hex digits), sorted by the bytes of the path. Modes, times, owners and empty folders don't count.
 * The inference runtime (`runtimes/python-oip/oip_server.py`) computes the very same. Returns `sha256:…`.
 */
export function filesDigest(files: readonly DigestedFile[]): string {
  const hash = createHash('sha256')
  for (const file of [...files].sort(byPathBytes)) {
    hash.update(`${file.path}\0${file.bytes}\0${file.digest.replace(/^sha256:/, '')}\n`)
  }
  return `sha256:${hash.digest('hex')}`
}

/** Orders by the UTF-8 bytes of the path, as Python's `sorted(key=str.encode)` does; JavaScript's own order differs. */
export function byPathBytes(a: { path: string }, b: { path: string }): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))
}
