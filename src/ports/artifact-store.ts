/**
 * Immutable archives by digest. `put` is idempotent: the same bytes give the same digest and are stored once.
 * A reader never sees a half-written artifact.
 */
export interface ArtifactStore {
  /** Stores the file's bytes and returns `sha256:…`. */
  put(file: string): Promise<string>
  has(digest: string): Promise<boolean>
  /** Copies the artifact to `file`, verifying its digest. Throws NotFoundError, or Error when the bytes are damaged. */
  get(digest: string, file: string): Promise<void>
}
