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
  outputs: Record<string, PlannedOutput>
  timeoutSeconds: number | undefined
  deterministic: boolean
  /** Processes of one command on this machine; undefined for a single one. */
  distribution?: Distribution
  /** The command is a trial's, run once for each choice of values; undefined for a plain step. */
  sweep?: Sweep
  /** Where the step stands, for messages. */
  place: { file: string; line: number }
}

/** `name` (and `version`, else the next free one) registers the output as a data asset when the job has completed. */
export interface PlannedOutput {
  type: DataType
  path: string | undefined
  name?: string
  version?: string
}

/** One node: `pytorch` gets MASTER_ADDR, WORLD_SIZE, RANK…; `tensorflow` gets TF_CONFIG with as many workers. */
export interface Distribution {
  type: 'pytorch' | 'tensorflow'
  processes: number
}

export interface Sweep {
  sampling: { kind: 'random' | 'grid' | 'sobol'; seed: number | undefined }
  /** By name of the trial's input. For a grid every one is a choice. */
  space: Record<string, SearchSpace>
  objective: { metric: string; goal: 'minimize' | 'maximize' }
  limits: {
    totalTrials: number
    concurrentTrials: number
    /** Of the whole sweep, and of each trial. */
    timeoutSeconds: number | undefined
    trialTimeoutSeconds: number | undefined
  }
  earlyTermination: EarlyTermination | undefined
}

/** Values are texts, rendered as Python's `str()` would; the distributions are those of Azure ML's search space. */
export type SearchSpace =
  | { kind: 'choice'; values: string[] }
  | { kind: 'randint'; upper: number }
  | { kind: 'uniform' | 'loguniform'; min: number; max: number }
  | { kind: 'quniform' | 'qloguniform'; min: number; max: number; q: number }
  | { kind: 'normal' | 'lognormal'; mu: number; sigma: number }
  | { kind: 'qnormal' | 'qlognormal'; mu: number; sigma: number; q: number }

/** Intervals and delays count reports of the primary metric, from 1. */
export type EarlyTermination = { evaluationInterval: number; delayEvaluation: number } & (
  | { kind: 'bandit'; slackFactor: number | undefined; slackAmount: number | undefined }
  | { kind: 'median_stopping' }
  | { kind: 'truncation_selection'; truncationPercentage: number }
)

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
