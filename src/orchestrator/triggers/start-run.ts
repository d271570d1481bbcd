import { type RunSpec, recordRun } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import type { Orchestration } from '../orchestration.ts'
import type { PipelineEngine } from '../pipelines/pipeline.ts'
import { PIPELINES } from '../pipelines/pipelines.ts'

/** Records a run, or finds the one of the same key, and starts its workflow. Harmless to repeat. */
export async function startRun(
  o: Pick<Orchestration, 'db' | 'changed'>,
  engine: PipelineEngine,
  spec: RunSpec,
): Promise<{ run: RunRow; created: boolean }> {
  const recorded = await recordRun(o.db, spec, PIPELINES[spec.pipeline].stages)
  o.changed(recorded.run.id)
  await engine.start(recorded.run.id)
  return recorded
}
