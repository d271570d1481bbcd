/** Python environments, built once per content of their requirements. */
export interface PythonEnvironments {
  /**
   * Returns the environment's folder (`bin/python` inside). Progress lines go to `onProgress`. May be called many
   * times at once with the same requirements. Throws StageFailure with the resolver's message, and UserError
   * `python-missing` when there is no Python that the range allows.
   */
  prepare(requirements: EnvironmentRequirements, options: PrepareOptions): Promise<string>
  /**
   * Makes a throw-away environment in the new folder `target`, over a prepared one: it has pip, sees everything of the
   * other, and what is installed into it shadows the other and never changes it. Whoever asked removes the folder.
   */
  overlay(environment: string, target: string, options: PrepareOptions): Promise<void>
}

export interface PrepareOptions {
  signal?: AbortSignal
  onProgress?: (line: string) => void
}

export interface EnvironmentRequirements {
  /** What it is called in messages, e.g. `sklearn-1.5`. */
  name?: string
  /** PEP 440 range, e.g. `>=3.10,<3.12`, or a version, e.g. `3.10`; undefined for any. */
  python?: string
  /** The minor version to take when there are several, e.g. `3.10`; otherwise the newest allowed. */
  preferred?: string
  requirements: string[]
  /** What steps in it find in their environment, as its image or conda file says. */
  variables?: Record<string, string>
}
