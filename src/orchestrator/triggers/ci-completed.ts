import type { Orchestration } from '../orchestration.ts'
import { runFolders } from '../orchestration.ts'
import { requireRun } from '../pipelines/execute-stage.ts'
import type { PipelineEngine } from '../pipelines/pipeline.ts'
import { readLeft } from '../stages/stage.ts'
import { startRun } from './start-run.ts'

/** `ci-completed`: CD trains from the artifact of this very CI run, once. */
export async function ciCompleted(o: Orchestration, engine: PipelineEngine, ciRun: string): Promise<string> {
  const ci = await requireRun(o, ciRun)
  const { digest } = await readLeft<{ digest: string }>({ in: runFolders(o, ciRun).out }, 'package-artifacts')
  const { run } = await startRun(o, engine, {
    key: `cd:ci-completed:${ciRun}`,
    pipeline: 'cd',
    repository: ci.repository,
    model_type: ci.model_type,
    trigger: 'ci-completed',
    reason: `CI run ${ci.build_id} packaged ${digest.slice(0, 19)}`,
    commit: ci.commit,
    branch: ci.branch,
    environment: ci.environment,
    dataset: null,
    input: { artifact: digest, committedAt: ci.input.committedAt, onlyServe: ci.input.onlyServe, ciRun },
  })
  return run.id
}
