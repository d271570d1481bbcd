import type { StepExplanation } from '#ml-service/explain-step.ts'
import type { StartJob } from '#orchestrator/ml-jobs/retry-job.ts'
import type { Orchestration } from '#orchestrator/orchestration.ts'
import type { PipelineEngine } from '#orchestrator/pipelines/pipeline.ts'
import type { ComponentRegistry } from '#ports/component-registry.ts'
import type { MlCatalog } from '#ports/ml-catalog.ts'

/** What the routes translate to. */
export interface ServerContext {
  o: Orchestration
  engine: PipelineEngine
  /** What clients must show; at least 32 random characters. */
  token: string
  version: string
  /** Resolves with the address of MLflow's UI once it is there. */
  tracking(): Promise<string>
  /** Cancels an ML job and returns when its work is gone. */
  cancelJob(job: string): Promise<void>
  /** Why a step of an ML job was run or reused. Throws NotFoundError. */
  explainStep(job: string, step: string): Promise<StepExplanation>
  ml: { catalog: MlCatalog; components: ComponentRegistry; startJob: StartJob }
  /** Tells `listener` the id of every run that changes in this process; the returned function ends that. */
  onChange(listener: (run: string) => void): () => void
}
