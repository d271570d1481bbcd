/**
 * Where inference images are pushed. Call order: `push`, then `tag`. Both may be called twice.
 * What is pushed is byte for byte the layout's content; a reader never sees a manifest whose blobs are missing.
 */
export interface ImageRegistry {
  /** Uploads what is missing and returns the manifest digest. `repository` is lower-case, e.g. `machine-failure`. */
  push(layout: string, repository: string): Promise<string>
  /** Points `tag` at a pushed digest. With `immutable`, throws ConflictError when it names another digest already. */
  tag(repository: string, digest: string, tag: string, options?: { immutable?: boolean }): Promise<void>
  /** Digest that a tag or digest names, or null. */
  resolve(repository: string, reference: string): Promise<string | null>
  /** Tags of the repository and the digests they name; empty for an unknown repository. */
  tags(repository: string): Promise<Record<string, string>>
}
