import type { RunRow } from '#database/schema.ts'
import { ConflictError } from '#errors.ts'
import { knownRun } from './cancel-run.ts'
import type { Orchestration } from './orchestration.ts'
import type { PipelineEngine } from './pipelines/pipeline.ts'
import { startRun } from './triggers/start-run.ts'

/** Starts a new run with the input of one that failed or was cancelled; once per run, however often it is asked for. */
export async function retryRun(o: Orchestration, engine: PipelineEngine, id: string): Promise<RunRow> {
  const run = await knownRun(o, id)
  if (run.status !== 'failed' && run.status !== 'cancelled') {
    throw new ConflictError(
      'run-not-retryable',
      `run ${run.id} is ${run.status}; only failed and cancelled runs can be retried`,
    )
  }
  const { pipeline, repository, model_type, trigger, commit, branch, environment, dataset, input } = run
  const reason = `retry of run ${run.build_id}${run.reason ? `: ${run.reason}` : ''}`
  const spec = {
    key: `retry:${run.id}`,
    pipeline,
    repository,
    model_type,
    trigger,
    reason,
    commit,
    branch,
    environment,
    dataset,
    input,
  }
  return (await startRun(o, engine, spec)).run
}
