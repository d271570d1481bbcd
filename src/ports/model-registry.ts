import type { Champion, ModelVersion, Promotion } from '#models/version.ts'

/** The registry of model versions. It decides which version is best; MLflow only mirrors it. */
export interface ModelRegistry {
  /**
   * Registers a job's model. Idempotent by `job`: a second call returns the version of the first one.
   * The files under `folder` are copied and verified. Throws ConflictError when `job` has registered other bytes.
   */
  register(model: NewModel): Promise<ModelVersion>
  /** All versions of a model, or of every model, oldest first. With `job`, only the one that this ML job registered. */
  versions(query: { model?: string; version?: number; job?: string }): Promise<ModelVersion[]>
  /** Sets tags; with `properties`, adds write-once properties (ConflictError when a key has another value). */
  annotate(
    model: string,
    version: number,
    change: { tags?: Record<string, string>; properties?: Record<string, string> },
  ): Promise<void>
  /** Folder with the version's files, read-only. */
  folder(model: string, version: number): Promise<string>
  /** Which versions are best; see {@link Champions}. */
  readonly champions: Champions
}

export interface NewModel {
  name: string
  /** Name of the ML job that made it. */
  job: string
  folder: string
  properties: Record<string, string>
  tags: Record<string, string>
}

/** `best` per model and environment: exactly zero or one, moved only by compare-and-swap, each move audited. */
export interface Champions {
  /** Never throws for an unknown model: `best` is null and `revision` 0. */
  current(model: string, environment: string): Promise<Champion>
  list(model?: string): Promise<Champion[]>
  /** Returns false when `expectedRevision` is no longer current. Idempotent when the same promotion was made before. */
  promote(promotion: Promotion): Promise<boolean>
  /** The audit rows, oldest first. */
  history(model: string, environment: string): Promise<PromotionRecord[]>
}

export interface PromotionRecord extends Promotion {
  from: number | null
  revision: number
  at: string
}
