/**
 * What `pipeline-file/` makes of a pipeline's YAML and the executor runs. Everything that the files said is resolved
 * as far as it can be without looking at data: expressions are parsed, bindings point at steps, paths are absolute.
 */

/** A finding about a pipeline file. Errors stop everything; warnings are shown and ignored. */
export interface Problem {
  severity: 'error' | 'warning'
  /** Kebab-case identifier of the rule, e.g. `unknown-output`. */
  rule: string
  file: string
  line: number
  column: number
  /** Dotted path, e.g. `jobs.train.inputs.data`. */
  key: string
  message: string
  /** What to write instead, e.g. `did you mean 'prepared'?`. */
  suggestion: string | null
}

export interface Plan {
  displayName: string
  experiment: string
  settings: { continueOnStepFailure: boolean; forceRerun: boolean; defaultDatastore: string }
  /** The pipeline's own inputs, after defaults and overrides. */
  inputs: Record<string, StepInput>
  /** In an order in which every step stands after those it needs. Steps of nested pipelines are named `outer.inner`. */
  steps: PlannedStep[]
  outputs: Record<string, { type: DataType; step: string; output: string }>
  /** Every definition file that was read (absolute paths): pipeline, components, conda and requirements files. */
  files: string[]
  warnings: Problem[]
}

export type DataType =
  | 'uri_file'
  | 'uri_folder'
  | 'mltable'
  | 'mlflow_model'
  | 'custom_model'
  | 'triton_model'

export interface PlannedStep {
  name: string
  /** Names of the steps whose outputs this one reads. */
  needs: string[]
  /** Name, version and digest-relevant text of the component, for the cache key: a canonical JSON of the step's spec. */
  spec: string
  /** The command with optional segments already decided; still holds `${{inputs.x}}` and `${{outputs.y}}`. */
  command: string
  /** Absolute folder that is copied to be the working directory; undefined for none. */
  code: string | undefined
  environment: EnvironmentSpec
  environmentVariables: Record<string, string>
  inputs: Record<string, StepInput>
  /** `path` as the file says it, with `${{name}}` and `${{default_datastore}}` still inside; undefined for the default. */
  outputs: Record<string, { type: DataType; path: string | undefined }>
  timeoutSeconds: number | undefined
  deterministic: boolean
  /** Where the step stands, for messages. */
  place: { file: string; line: number }
}

/** `conda` is JSON (so YAML too) of the conda specification, with requirements files (`-r`) written out. */
export type EnvironmentSpec =
  | { kind: 'reference'; reference: string }
  | { kind: 'inline'; image: string | undefined; conda: string | undefined }

export type StepInput =
  /** `value` is the text that goes into the command, rendered as Python's `str()` would. */
  | { kind: 'literal'; type: 'string' | 'integer' | 'number' | 'boolean'; value: string }
  /** The output `artifacts` exists without being declared: the step's artifact root (`outputs/`, `logs/`). */
  | { kind: 'step'; step: string; output: string; type: DataType }
  /** A local path (absolute), a dataset reference (`azureml:name@latest`), or a URL, not yet resolved. */
  | { kind: 'data'; type: DataType; source: { kind: 'path' | 'dataset' | 'url'; value: string } }
