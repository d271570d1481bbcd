import type { CommandRunner } from '#ports/command-runner.ts'
import type { EnvironmentRequirements, PythonEnvironments } from '#ports/python-environments.ts'
import type { Tracking } from '#ports/tracking.ts'
import type { WarmPython } from '#ports/warm-python.ts'
import type { Plan } from './plan.ts'

export type { EnvironmentRequirements, PythonEnvironments }

/** How the executor is asked to run a plan, and what it answers (design §8, `ml run` and `ml job show`). */
export interface JobRequest {
  /** Chosen by the caller; also the tracking run's name. */
  job: string
  plan: Plan
  /**
   * Folder that keeps everything of the job. Calling again with the same folder goes on from the last finished step:
   * a finished step is recognised by its record there and is not run again.
   */
  directory: string
  environments: EnvironmentMap
  forceRerun?: boolean
  /** Steps' Python starts from preloaded interpreters, where the executor has them. Default: yes. */
  warmPython?: boolean
  /** The code may change while the job runs: all of it is copied when the job begins. */
  freezeCode?: boolean
  /** Undefined: datastores have nothing but what the job's own steps put there. */
  datastores?: Datastores
  /** False for code that nobody has reviewed: its data is read without our credentials. */
  trusted?: boolean
}

export interface Datastores {
  /** Where a datastore is: an absolute folder, or the `https://` URL of a blob container. */
  at(name: string): string
  /** Whether outputs with a `path:` of their own are put there once their step has completed. */
  publish: boolean
}

/** Environment reference as written in YAML (globs allowed) → Python requirements. From `environments:` in millwright.yml. */
export type EnvironmentMap = Record<string, EnvironmentRequirements>

export interface ExecutorPorts {
  commands: CommandRunner
  /** Undefined: nothing is tracked. */
  tracking: Tracking | undefined
  environments: PythonEnvironments
  cache: StepCache
  /** Undefined: each Python process of a step is a new one. */
  warmPython?: WarmPython
  /** Local read-only path of a dataset reference or URL, with a digest of its contents. Throws UserError. */
  resolveData(
    source: { kind: 'dataset' | 'url'; value: string; type: string },
    options: { signal: AbortSignal; trusted: boolean },
  ): Promise<ResolvedData>
  /** Digest (`sha256:…`) of a file's or a folder's contents, whatever its path and times. */
  digest(path: string): Promise<string>
  /** What the processes of steps inherit: PATH, HOME, proxies, package indexes (`Config.inheritedEnv`). */
  env: Readonly<Record<string, string>>
  /** Takes a slot for one process, fairly between owners; the returned function gives it back. */
  takeSlot(signal: AbortSignal, owner?: string): Promise<() => void>
}

export interface ResolvedData {
  path: string
  digest: string
  /** `name:version:sha256` when it is a registered dataset. */
  identity?: string
}

/** Outputs of earlier steps by key. Entries are read-only and verified by digest when they are taken. */
export interface StepCache {
  find(key: string): Promise<CachedStep | undefined>
  /** Takes the outputs in, by hard links where possible. Idempotent; the first writer wins. */
  store(key: string, step: FinishedStep): Promise<void>
  /** Entries that steps of this name left, newest first; for explanations, so no output is verified. */
  ofStep(step: string): Promise<KeptStep[]>
  /**
   * Removes what was not used for the longest until at most `bytes` are kept. Jobs and models have files of their own
   * (links to the same bytes), so nothing that they need goes.
   */
  trim(bytes: number): Promise<void>
}

export interface FinishedStep {
  job: string
  step: string
  /** What the key was made of, part by part, and what can be shown of it; for later explanations. */
  parts: Record<string, string>
  texts: Record<string, string>
  outputs: Record<string, { path: string; digest: string }>
  log: string
  /** Of a sweep. */
  trials?: TrialReport[]
}

/** `job` is the one that made it; the paths lie in the cache and are read-only. */
export type CachedStep = FinishedStep

export interface KeptStep extends Pick<FinishedStep, 'job' | 'step' | 'parts' | 'texts'> {
  /** RFC 3339. */
  storedAt: string
}

export type StepStatus =
  | 'pending'
  | 'preparing'
  | 'running'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'skipped'

export interface StepReport {
  name: string
  status: StepStatus
  reused: boolean
  reusedFrom: string | null
  exitCode: number | null
  startedAt: string | null
  endedAt: string | null
  log: string
  outputs: Record<string, string>
  error: string | null
  /** What preparing the step is at, e.g. `environment sklearn-1.5: downloading scipy (33.7MiB)`; gone once it runs. */
  progress?: string
  /** Of a sweep. */
  trials?: TrialReport[]
}

export interface TrialReport {
  /** From 1. */
  trial: number
  status: StepStatus
  /** Texts of the sampled inputs. */
  values: Record<string, string>
  /** Last value of the primary metric; null when none was logged, or none that is finite. */
  metric: number | null
  best: boolean
  exitCode: number | null
  /** Why it failed or was stopped early. */
  message: string | null
  startedAt: string | null
  endedAt: string | null
  log: string
}

export interface JobReport {
  job: string
  status: 'completed' | 'failed' | 'cancelled'
  steps: StepReport[]
  outputs: Record<string, string>
  tracking: { uri: string; experiment: string; runId: string } | null
  /** `name:version:sha256` of each registered dataset that was read, by pipeline input name. */
  datasets: Record<string, string>
  /** Outputs that are to be registered as datasets now that the job has completed; the executor itself registers nothing. */
  assets?: OutputAsset[]
  error: string | null
}

export interface OutputAsset {
  /** `step.output` */
  output: string
  name: string
  /** Null for the next free one. */
  version: number | null
  path: string
}

/** Told of every change of a step's state, in order. */
export type JobListener = (step: StepReport) => void
