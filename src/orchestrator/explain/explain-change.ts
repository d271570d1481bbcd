import { NotFoundError, UserError } from '#errors.ts'
import { type PlanEntry, planChange } from '#model-types/plan-change.ts'
import { readRepository } from '#model-types/read-repository.ts'
import type { Orchestration } from '../orchestration.ts'
import { withTree } from '../triggers/branches.ts'

export interface ChangeQuery {
  /** May be left out when there is only one. */
  repository?: string | undefined
  /** Full commit ids or names of branches. */
  base: string
  head: string
}

/** The pipelines that a change goes through on its way into an environment. */
const WAY = ['pr', 'ci', 'cd']

/** Which model types the change touches, and why. Throws the first UserError when a model.yml can't be read. */
export async function explainChange(o: Orchestration, query: ChangeQuery): Promise<PlanEntry[]> {
  const repository = query.repository ?? (await onlyRepository(o))
  const refs = await o.codeHost.refs(repository)
  const [base, head] = [commitOf(query.base, refs), commitOf(query.head, refs)]
  const paths = await o.codeHost.changedFiles(repository, base, head)
  return withTree(o, repository, head, async tree => {
    readRepository(tree)
    return planChange(tree, paths, WAY)
  })
}

async function onlyRepository({ db }: Orchestration): Promise<string> {
  const rows = await db.selectFrom('repositories').select('name').orderBy('created_at').execute()
  if (rows.length === 1) return rows[0]!.name
  if (rows.length === 0) {
    throw new NotFoundError('no-repository', 'there is no repository', {
      hint: 'add one with `millwright repo add <path or url>`',
    })
  }
  throw new UserError('which-repository', 'there are several repositories', {
    hint: `name one with --repository: ${rows.map(row => row.name).join(', ')}`,
  })
}

function commitOf(revision: string, refs: Record<string, string>): string {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision
  const commit = refs[`refs/heads/${revision}`] ?? refs[revision]
  if (commit !== undefined) return commit
  throw new NotFoundError('no-such-commit', `'${revision}' is neither a full commit id nor a branch`, {
    hint: `the branches are ${branches(refs).join(', ')}`,
  })
}

function branches(refs: Record<string, string>): string[] {
  return Object.keys(refs)
    .filter(ref => ref.startsWith('refs/heads/'))
    .map(ref => ref.slice('refs/heads/'.length))
}
