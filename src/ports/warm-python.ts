/**
 * Lets the Python processes of steps start from interpreters that have imported their packages already. Nothing else
 * changes for a step; where that can't be promised, its `python` is a new process as ever.
 */
export interface WarmPython {
  /**
   * Folder in which to keep what is first on the PYTHONPATH of steps: servers are shared by steps whose start is the
   * same. It is there until `close`.
   */
  startup(): string
  /**
   * Starts, or finds, the server for such steps; undefined where there can't be one. May be called many times at once.
   * The server stays at least until `release` was called; it may be called twice.
   */
  use(step: WarmStep): Promise<WarmUse | undefined>
  /** Ends all servers. */
  close(): Promise<void>
}

export interface WarmStep {
  /** The Python environment's folder, as in PATH. */
  environment: string
  /** Variables of the step, at least those that the interpreter and libraries look at. */
  env: Readonly<Record<string, string>>
  /** Python files whose imports, and those of modules beside them, are worth loading ahead. */
  code: readonly string[]
}

export interface WarmUse {
  /** Folder with a `python`, to be put before the environment's `bin` in PATH. */
  folder: string
  release(): void
}
