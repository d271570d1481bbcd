import type { DatasetOrigin, DatasetReference, DatasetVersion } from '#datasets/dataset.ts'

/** Named, versioned, immutable data. Registering the same content under the same name returns the existing version. */
export interface DatasetStore {
  /**
   * Takes a snapshot of the file or folder. Throws UserError when it is missing, empty or has a hostile name.
   * With `version` it becomes that version, or is refused with ConflictError when that one has other content; with
   * `origin` a second call for the same output returns the version of the first one.
   */
  register(
    name: string,
    path: string,
    options?: { version?: number; origin?: DatasetOrigin },
  ): Promise<DatasetVersion>
  /** The latest version is the one registered last. Throws NotFoundError that names the versions there are. */
  find(reference: DatasetReference): Promise<DatasetVersion>
  list(): Promise<DatasetVersion[]>
  /** Folder with the dataset's files, read-only; for a single-file dataset the folder holds that file. */
  folder(dataset: DatasetVersion): Promise<string>
  /** Its tabular files as Parquet, by path of the original. Empty when it can't be read as tables. */
  tables(dataset: DatasetVersion): Promise<Record<string, string>>
}
