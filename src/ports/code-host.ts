/** Where model code lives. Commits are full 40-digit ids; refs are passed as data, never through a shell. */
export interface CodeHost {
  /**
   * Makes the repository, importing `source` (a path or URL) when given. Idempotent for the same name and source.
   * `check` sees the files of the imported `main` first, in a folder of their own; when it throws, nothing is made.
   */
  create(name: string, source?: string, check?: (folder: string) => Promise<void>): Promise<Repository>
  /** Every ref under refs/heads/ and refs/for/ and the commit it points at. */
  refs(repository: string): Promise<Record<string, string>>
  /** Paths that differ between the merge base of the two commits and `head`; all of `head`'s when `base` is null. */
  changedFiles(repository: string, base: string | null, head: string): Promise<string[]>
  /** Writes the commit's files into the empty or missing folder `directory` (no .git inside). Throws NotFoundError for an unknown commit. Returns when it was made and the first line of its message. */
  checkout(
    repository: string,
    commit: string,
    directory: string,
  ): Promise<{ committedAt: string; subject: string }>
  /** Moves `branch` from exactly `expected` to a merge of `head`; throws ConflictError on a moved branch or a conflict. Idempotent when `head` is already contained. Returns the new tip. */
  merge(
    repository: string,
    merge: { branch: string; expected: string; head: string; message: string },
  ): Promise<string>
}

export interface Repository {
  name: string
  /** What users give to `git clone` and `git push`. */
  url: string
}

/** A ref that moved, as a code host reports it. `before` is null for a new ref, `after` for a deleted one. */
export interface Delivery {
  /** The same for a redelivery. */
  id: string
  repository: string
  ref: string
  before: string | null
  after: string | null
}
