/**
 * Versioned components that pipelines refer to as `azureml:name:version`, `azureml:name@latest` or `azureml:name`.
 *
 * `register` may be called again: the same content under the same version is the version that is there. A version
 * never changes.
 */
export interface ComponentRegistry {
  /**
   * Takes a snapshot of a component file and everything that it refers to. Name and version default to what the file
   * says; without a version, to the next free integer. Throws UserError for a file that doesn't lint and ConflictError
   * for other content under a taken version.
   */
  register(
    file: string,
    as: { name?: string | undefined; version?: string | undefined },
  ): Promise<ComponentVersion>
  /** All versions of all components, or of one, newest first. */
  list(name?: string): Promise<ComponentVersion[]>
  /** `name`, `name:version` or `name@latest`, with `azureml:` or without. Throws NotFoundError. */
  find(reference: string): Promise<ComponentVersion>
}

export interface ComponentVersion {
  name: string
  /** Any text without spaces, as in Azure ML; `@latest` is what was created last. */
  version: string
  type: 'command' | 'pipeline'
  description: string | null
  /** Of every file that it is made of. */
  digest: string
  /** Path of the component file in the snapshot. */
  file: string
  files: number
  createdAt: string
}
