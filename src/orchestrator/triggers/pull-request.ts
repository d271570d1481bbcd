import { openPullRequest } from '#database/pull-requests.ts'
import type { Delivery } from '#ports/code-host.ts'
import type { Orchestration } from '../orchestration.ts'
import type { PipelineEngine } from '../pipelines/pipeline.ts'
import { withTree } from './branches.ts'
import { noteDecision } from './note-decision.ts'
import { reachOf } from './reach.ts'
import { startRun } from './start-run.ts'

/** `pull-request`: one was opened or has a new commit; PR runs for every model type that the change touches. */
export async function pullRequest(
  o: Orchestration,
  engine: PipelineEngine,
  delivery: Delivery & { after: string },
): Promise<void> {
  const { repository, ref, after } = delivery
  const [target = 'main'] = ref.slice('refs/for/'.length).split('/')
  const base = (await o.codeHost.refs(repository))[`refs/heads/${target}`] ?? null
  const paths = await o.codeHost.changedFiles(repository, base, after)
  await withTree(o, repository, after, async (tree, { subject }) => {
    const title = subject.slice(0, TITLE_LENGTH) || ref.slice(`refs/for/${target}/`.length)
    const opened = { repository, ref, target, title, head: after, at: o.ports.clock.now() }
    const { number } = await openPullRequest(o.db, opened)
    for (const entry of reachOf(tree, paths, ['pr'])) {
      const started = entry.affected
        ? await startRun(o, engine, {
            key: `pr:${repository}:${number}:${entry.modelType}:${after}`,
            pipeline: 'pr',
            repository,
            model_type: entry.modelType,
            trigger: 'pull-request',
            reason: `pull request ${number}: ${title}`,
            commit: after,
            branch: target,
            environment: null,
            dataset: null,
            input: { pullRequest: number },
          })
        : null
      await noteDecision(o, delivery, 'pull-request', 'pr', entry, started)
    }
  })
}

/** Characters of a commit's first line that become the title. */
const TITLE_LENGTH = 200
