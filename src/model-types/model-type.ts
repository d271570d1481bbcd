import type { MetricName } from '#models/metrics.ts'

/** A folder `mlops/<name>/` with a `model.yml`: what Millwright knows about one model type, after defaults. */
export interface ModelType {
  name: string
  /** Relative to the repository root, with forward slashes: `mlops/<folder>`. All other paths are relative to the root too. */
  folder: string
  /** The model.yml itself. */
  file: string
  checks: { lint: string; test: string }
  /** requirements.txt with what the checks need, or null. */
  requirements: string | null
  pipeline: string
  /** Inputs for local-model-validation by pipeline input name; paths relative to the root, or literals. */
  sample: Record<string, string>
  train: { inputs: Record<string, string>; model: string }
  compare: Compare
  serve: Serve
  drift: { target: string; schedule: string } | null
  trigger: { newDataset: boolean }
}

export interface Compare {
  /** Component: model + data → predictions. */
  score: string
  /** Dataset reference. */
  dataset: string
  metric: MetricName
  /** Column of the predictions that holds the truth. */
  target: string
}

export interface Serve {
  runtime: 'python-oip'
  /** Folder with `predict.py`. */
  code: string
  requirements: string | null
  /** Pipeline output that holds golden.jsonl, or null. */
  golden: string | null
  signature: { inputs: Tensor[]; outputs: Tensor[] }
}

/** A tensor of the Open Inference Protocol; -1 in `shape` is the batch. */
export interface Tensor {
  name: string
  datatype: string
  shape: number[]
}

/** `mlops/millwright.yml`: what the model types of a repository share. */
export interface RepositorySettings {
  /** Deployment environments by name, each with its branch. Default: dev → main, qa → qa. */
  deploy: Record<string, { branch: string }>
  /** Environment reference of ML pipelines (globs allowed) → Python requirements. */
  environments: Record<string, EnvironmentEntry>
  /** Datastore of ML pipelines → a folder (absolute, or relative to `mlops/`) or the URL of a blob container. */
  datastores: Record<string, string>
  /** `warm`: whether steps' Python starts from preloaded interpreters; undefined leaves it to the kind of run. */
  python: { warm: boolean | undefined }
  /** Container registry, e.g. `registry.example.com/models`; null for the local OCI layouts. */
  registry: string | null
  /** Largest size of the step cache of the home, in bytes. Default: 20 GiB. */
  cache: { maxSize: number }
}

/** What an environment reference stands for. */
export interface EnvironmentEntry {
  /** PEP 440 range, or a version such as `3.10`. */
  python?: string
  /** The minor version to take when there are several, e.g. `3.10`. */
  preferred?: string
  /** Lines of a pip requirements file. */
  requirements: string[]
  /** Environment variables that its image sets. */
  variables?: Record<string, string>
}

/** Reads the files of a source tree; the caller decides where from. Paths are relative to the repository root. */
export interface SourceTree {
  /** All regular files, sorted. */
  files: readonly string[]
  /** Text of a file. Throws when it isn't in `files`. */
  read(path: string): string
}
