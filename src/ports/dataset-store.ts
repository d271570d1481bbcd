import type { DatasetReference, DatasetVersion } from '#datasets/dataset.ts'

/** Named, versioned, immutable data. Registering the same content under the same name returns the existing version. */
export interface DatasetStore {
  /** Takes a snapshot of the file or folder. Throws UserError when it is missing, empty or has a hostile name. */
  register(name: string, path: string): Promise<DatasetVersion>
  /** Throws NotFoundError that names the versions there are. */
  find(reference: DatasetReference): Promise<DatasetVersion>
  list(): Promise<DatasetVersion[]>
  /** Folder with the dataset's files, read-only; for a single-file dataset the folder holds that file. */
  folder(dataset: DatasetVersion): Promise<string>
}
