import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NotFoundError } from '#errors.ts'
import type { ModelType, RepositorySettings } from '#model-types/model-type.ts'
import type { ArtifactStore } from '#ports/artifact-store.ts'
import type { Clock } from '#ports/clock.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import type { ImageEngine } from '#ports/image-engine.ts'
import type { ImageRegistry } from '#ports/image-registry.ts'
import type { MlService } from '#ports/ml-service.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import type { PipelineRunner } from '#ports/pipeline-runner.ts'
import type { PythonEnvironments } from '#ports/python-environments.ts'
import type { AssembleImage } from './build-inference-image.ts'

/**
 * A stage of a pipeline: does one thing, says in one sentence what came of it, and may be run again after a crash at
 * any point: it finds its earlier effect by a name derived from the run. A negative answer is thrown as StageFailure,
 * a mistake of the user as UserError; a rejected model is a result, not an error.
 */
export type Stage = (input: StageInput, ports: StagePorts) => Promise<StageOutput>

export interface StageInput {
  run: StageRun
  modelType: string
  /** Root of the source tree (the folder that contains `mlops/`); in CD, the downloaded artifact. */
  source: string
  /** Folder with what earlier stages left: `<stage>.json` and their files. */
  in: string
  /** Folder to leave the own results in; may be the same. */
  out: string
  /** The stage's log file, and a line writer to it. */
  logFile: string
  log: (line: string) => void
  /** Aborted when the run is cancelled. */
  signal: AbortSignal
}

/** What a stage may know about its run. */
export interface StageRun {
  buildId: number
  pipeline: 'pr' | 'ci' | 'cd'
  trigger: string
  reason: string | null
  commit: string
  /** When the commit was made: the time that goes into images. */
  committedAt: string
  environment: string
  /** `name:version` to train with instead of the latest, or null. */
  dataset: string | null
  /** Whether the change that started the run touches only the inference service. */
  onlyServe: boolean
  /** Digest of the artifact to train from, or null when it lies in the folder `in`. */
  artifact: string | null
}

export interface StageOutput {
  /** One sentence for people. */
  summary: string
  /** What later stages and explanations need: small, JSON. It is left as `<stage>.json` in `out`. */
  detail: Record<string, unknown>
}

/** Everything outside that stages may use. */
export interface StagePorts {
  artifacts: ArtifactStore
  assembleImage: AssembleImage
  clock: Clock
  commands: CommandRunner
  datasets: DatasetStore
  /** An engine that runs an image's application with the packages in `requirements`. */
  engineFor(requirements: string[], signal: AbortSignal): Promise<ImageEngine>
  environments: PythonEnvironments
  /** What programs that we start may inherit. */
  inheritedEnv: Readonly<Record<string, string>>
  mlService: MlService
  models: ModelRegistry
  pipelines: PipelineRunner
  readModelType(source: string, name: string): Promise<Declaration>
  registryFor(registry: string | null): ImageRegistry
}

/** What a source tree says about one model type. */
export interface Declaration {
  modelType: ModelType
  settings: RepositorySettings
  /** Lines of its requirements files: for the checks, and for serving. */
  requirements: { checks: string[]; serve: string[] }
}

/** Reads what an earlier stage left. Throws NotFoundError that names the stage to run first. */
export async function readLeft<T>(input: Pick<StageInput, 'in'>, stage: string): Promise<T> {
  const file = join(input.in, `${stage}.json`)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text !== undefined) return JSON.parse(text) as T
  throw new NotFoundError('stage-input-missing', `there is no ${stage}.json in ${input.in}`, {
    hint: `run the stage '${stage}' first, and give its --out folder as --in`,
  })
}

/** Leaves a stage's detail for the stages after it, whole or not at all. */
export async function leave(out: string, stage: string, detail: Record<string, unknown>): Promise<void> {
  await mkdir(out, { recursive: true })
  const file = join(out, `${stage}.json`)
  await writeFile(`${file}.partial`, `${JSON.stringify(detail, null, 2)}\n`)
  await rename(`${file}.partial`, file)
}
