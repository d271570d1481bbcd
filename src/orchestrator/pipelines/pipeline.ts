import type { StageName } from '../stages/stages.ts'

/** A pipeline of the Model Orchestrator: reads as its diagram. `run` returns the run's outcome, or null for none. */
export interface Pipeline {
  name: 'pr' | 'ci' | 'cd'
  stages: readonly StageName[]
  run(stages: StageRunner): Promise<string | null>
}

/** How a pipeline runs its stages, durably: a stage that has ended is never run again, whatever is killed. */
export interface StageRunner {
  /** Runs one stage and returns its small facts (`verdict`, …). Throws StageStopped when it failed or was cancelled. */
  run(stage: StageName): Promise<StageFacts>
  /** Runs stages side by side and waits for all of them, so that one failure doesn't hide another. */
  runTogether(stages: StageName[]): Promise<void>
  /** Submits the ML pipeline, waits without an agent until it ends, and collects its result. */
  runMlPipeline(): Promise<StageFacts>
  /** CI has completed: starts CD with the artifact of this run. */
  startCd(): Promise<void>
}

/** What the pipeline's own branching may depend on. It is kept in the engine's journal, so it stays small. */
export interface StageFacts {
  verdict?: string
  /** The version that is best already and goes into a new image without training. */
  repackaged?: number
}

/** A stage ended otherwise than well; the rest of the pipeline is skipped. */
export class StageStopped extends Error {
  override readonly name = 'StageStopped'
  readonly status: 'failed' | 'cancelled'
  readonly document: unknown
  constructor(stage: string, status: 'failed' | 'cancelled', document: unknown) {
    super(`${stage} ${status}`)
    this.status = status
    this.document = document
  }
}

/** Starts and wakes the workflows of runs. */
export interface PipelineEngine {
  /** Starts the run's workflow, once however often it is called. */
  start(run: string): Promise<void>
  /** Wakes a waiting run. */
  wake(run: string, cause: string): Promise<void>
}
