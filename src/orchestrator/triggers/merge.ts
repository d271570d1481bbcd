import type { Delivery } from '#ports/code-host.ts'
import type { Orchestration } from '../orchestration.ts'
import type { PipelineEngine } from '../pipelines/pipeline.ts'
import { environmentIn, withTree } from './branches.ts'
import { noteDecision } from './note-decision.ts'
import { reachOf } from './reach.ts'
import { startRun } from './start-run.ts'

/** `merge`: a change has reached an environment's branch; CI runs for every model type that it touches. */
export async function merge(
  o: Orchestration,
  engine: PipelineEngine,
  delivery: Delivery & { after: string },
): Promise<void> {
  const { repository, before, after } = delivery
  const branch = delivery.ref.slice('refs/heads/'.length)
  await withTree(o, repository, after, async tree => {
    const environment = environmentIn(tree, branch)
    if (!environment) return
    const paths = await o.codeHost.changedFiles(repository, before, after)
    for (const entry of reachOf(tree, paths, ['ci', 'cd'])) {
      const started = entry.affected
        ? await startRun(o, engine, {
            key: `ci:${repository}:${branch}:${entry.modelType}:${after}`,
            pipeline: 'ci',
            repository,
            model_type: entry.modelType,
            trigger: 'merge',
            reason: entry.reasons[0] ? `${entry.reasons[0].path}: ${entry.reasons[0].because}` : null,
            commit: after,
            branch,
            environment,
            dataset: null,
            input: { onlyServe: entry.onlyServe },
          })
        : null
      await noteDecision(o, delivery, 'merge', 'ci', entry, started)
    }
  })
}
