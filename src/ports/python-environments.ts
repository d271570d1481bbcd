/** Python environments, built once per content of their requirements. */
export interface PythonEnvironments {
  /**
   * Returns the environment's folder (`bin/python` inside). Progress lines go to `onProgress`. May be called many
   * times at once with the same requirements. Throws StageFailure with the resolver's message.
   */
  prepare(
    requirements: EnvironmentRequirements,
    options: { signal?: AbortSignal; onProgress?: (line: string) => void },
  ): Promise<string>
}

export interface EnvironmentRequirements {
  /** PEP 440 range, e.g. `>=3.10,<3.12`; undefined for any. */
  python?: string
  requirements: string[]
}
