import { listPullRequests, markMerged } from '#database/pull-requests.ts'
import type { PullRequestRow } from '#database/schema.ts'
import { ConflictError, NotFoundError } from '#errors.ts'
import type { Orchestration } from './orchestration.ts'
import type { PipelineEngine } from './pipelines/pipeline.ts'
import { acceptDeliveries, handleDeliveries } from './triggers/deliveries.ts'

export interface PullRequestDocument {
  repository: string
  number: number
  title: string
  target: string
  head: string
  status: PullRequestRow['status']
  mergedAs: string | null
  /** One per model type: the status of its PR run, or `not affected`. */
  checks: { modelType: string; status: string; run: string | null }[]
}

/** Pull requests, newest first, each with the checks of its head. */
export async function pullRequestDocuments(
  o: Pick<Orchestration, 'db'>,
  filter: { repository?: string | undefined; number?: number | undefined } = {},
): Promise<PullRequestDocument[]> {
  const rows = await listPullRequests(o.db, filter)
  return Promise.all(rows.map(async row => ({ ...head(row), checks: await checksOf(o, row) })))
}

/** Merges a pull request whose checks are green, which starts CI. Merging again finds the first merge. */
export async function mergePullRequest(
  o: Orchestration,
  engine: PipelineEngine,
  query: { repository?: string | undefined; number: number },
): Promise<PullRequestDocument> {
  const [found, ...others] = await pullRequestDocuments(o, query)
  if (!found)
    throw new NotFoundError('no-such-pull-request', `there is no pull request ${query.number}`, {
      hint: 'see `millwright pr list`',
    })
  if (others.length > 0) {
    const names = [found, ...others].map(({ repository }) => repository).join(', ')
    throw new ConflictError('which-repository', `several repositories have a pull request ${query.number}`, {
      hint: `name one of them: ${names}`,
    })
  }
  if (found.status === 'merged') return found
  refuseUnready(found)
  const ref = `refs/heads/${found.target}`
  const before = (await o.codeHost.refs(found.repository))[ref]
  if (!before) throw new NotFoundError('no-such-branch', `there is no branch ${found.target}`)
  const message = `Merge pull request ${found.number}: ${found.title}`
  const after = await o.codeHost.merge(found.repository, {
    branch: found.target,
    expected: before,
    head: found.head,
    message,
  })
  await acceptDeliveries(o, [
    {
      id: `merge:${found.repository}:${found.target}:${after}`,
      repository: found.repository,
      ref,
      before,
      after,
    },
  ])
  await markMerged(o.db, found.repository, found.number, after, o.ports.clock.now())
  await handleDeliveries(o, engine, () => {})
  return { ...found, status: 'merged', mergedAs: after }
}

function head(row: PullRequestRow): Omit<PullRequestDocument, 'checks'> {
  const { repository, number, title, target, status } = row
  return { repository, number, title, target, head: row.head, status, mergedAs: row.merged_as }
}

async function checksOf(
  { db }: Pick<Orchestration, 'db'>,
  row: PullRequestRow,
): Promise<PullRequestDocument['checks']> {
  const decisions = await db
    .selectFrom('triggers')
    .innerJoin('deliveries', 'deliveries.id', 'triggers.delivery')
    .leftJoin('runs', 'runs.id', 'triggers.run')
    .select([
      'triggers.model_type as modelType',
      'triggers.decision',
      'triggers.run',
      'runs.status',
      'deliveries.payload',
    ])
    .where('triggers.kind', '=', 'pull-request')
    .orderBy('triggers.id')
    .execute()
  const ours = decisions.filter(
    ({ payload }) =>
      payload.repository === row.repository && payload.ref === row.ref && payload.after === row.head,
  )
  const latest = new Map(
    ours.map(({ modelType, decision, run, status }) => [
      modelType,
      { modelType, status: status ?? decision, run },
    ]),
  )
  return [...latest.values()]
}

function refuseUnready({ number, checks }: PullRequestDocument): void {
  const waiting = checks.filter(check => check.status !== 'succeeded' && check.status !== 'not affected')
  if (checks.length > 0 && waiting.length === 0) return
  const standing =
    waiting.map(check => `${check.modelType} is ${check.status}`).join(', ') || 'its checks have not begun'
  throw new ConflictError('pull-request-not-ready', `pull request ${number} can't be merged: ${standing}`, {
    hint: 'a pull request is merged when the PR pipeline of every touched model type has succeeded',
  })
}
