import type { EnvironmentRequirements } from './python-environments.ts'

/**
 * Runs an ML pipeline or a single component here and now, in the agent that the caller already holds: for
 * local-model-validation and for re-scoring. Nothing is registered.
 */
export interface PipelineRunner {
  /**
   * Every definition and code file the pipeline or component is made of, sorted, registered components included as they
   * are now. `inputs` are what it will be run with, so that it is checked whole. Throws UserError with the first problem.
   */
  files(source: string, file: string, inputs: Record<string, string>): Promise<TreeFile[]>
  /** May be called again with the same `directory`: finished steps are not run again. Throws UserError when the file doesn't lint. */
  run(request: PipelineRun): Promise<PipelineReport>
}

/** A file of a tree, and where it is copied from: mostly from the same path below the tree's folder. */
export interface TreeFile {
  /** Relative, with forward slashes. */
  path: string
  /** Absolute. */
  from: string
}

export interface PipelineRun {
  /** Names the execution in logs. */
  name: string
  source: string
  /** Relative to `source`. */
  file: string
  /** Literal values, dataset references, or paths relative to `source` (or absolute), by input name. */
  inputs: Record<string, string>
  directory: string
  environments: Record<string, EnvironmentRequirements>
  /** Steps' Python may start from preloaded interpreters; undefined is yes. */
  warmPython?: boolean | undefined
  /** Where datastores are, as settings have it; relative to `mlops/` of `source`. They are only read. */
  datastores: Record<string, string>
  /** Untrusted code may reuse steps but never adds to the cache; remote data is read without our credentials. */
  trusted: boolean
  signal: AbortSignal
  log: (line: string) => void
}

export interface PipelineReport {
  status: 'completed' | 'failed' | 'cancelled'
  steps: { name: string; status: string; reused: boolean; log: string; error: string | null }[]
  /** Absolute paths by output name. */
  outputs: Record<string, string>
  error: string | null
}
