import type { DatasetProfile } from './profile.ts'

/** A named, versioned, immutable snapshot of data. `digest` is over the manifest (paths, sizes, digests of files). */
export interface DatasetVersion {
  name: string
  version: number
  digest: string
  /** Data rows over all tabular files, or null when there is none. */
  rows: number | null
  /** Columns of the first tabular file, or null. */
  columns: string[] | null
  files: DatasetFile[]
  /** Of the tabular files, or null; see `profileNote`. */
  profile: DatasetProfile | null
  /** Why there is no profile, or what was unusual about reading the files. Null when there is nothing to say. */
  profileNote: string | null
  createdAt: string
}

export interface DatasetFile {
  /** Relative, with forward slashes. */
  path: string
  bytes: number
  digest: string
}

/** Which output of which ML job a version was registered from. */
export interface DatasetOrigin {
  job: string
  /** `step.output` */
  output: string
}

/** A reference as users write it: `azureml:name@latest`, `azureml:name:3`, `name@latest` or `name:3`. */
export interface DatasetReference {
  name: string
  version: number | 'latest'
}

const REFERENCE = /^(?:azureml:)?([A-Za-z0-9][A-Za-z0-9._-]{0,127})(?::([1-9][0-9]{0,8})|@latest)?$/

/** Parses a dataset reference; without a version it means the latest. Returns undefined when it isn't one. */
export function parseDatasetReference(text: string): DatasetReference | undefined {
  const match = REFERENCE.exec(text)
  if (!match) return undefined
  return { name: match[1]!, version: match[2] ? Number(match[2]) : 'latest' }
}

/** `name:version:sha256` as written into a model's `dataset` property. */
export function datasetIdentity(dataset: DatasetVersion): string {
  return `${dataset.name}:${dataset.version}:${dataset.digest}`
}
