/** A registered model version. Properties are write-once; tags are mutable. */
export interface ModelVersion {
  name: string
  version: number
  /** Digest of the model's files, `sha256:…`. */
  digest: string
  tags: Record<string, string>
  properties: Record<string, string>
  createdAt: string
}

/** Which version is best in an environment. `revision` grows by one with every move. */
export interface Champion {
  model: string
  environment: string
  best: number | null
  revision: number
  changedAt: string | null
  by: string | null
  reason: string | null
}

/** A move of `best`: what to change, on which condition, and the evidence for it. */
export interface Promotion {
  model: string
  environment: string
  version: number
  /** The revision that the decision was based on; the move is refused when it is no longer the current one. */
  expectedRevision: number
  by: string
  reason: string
  evidence: unknown
}
