import type { Kysely } from 'kysely'
import type { Database, PullRequestRow } from './schema.ts'

export interface OpenedPullRequest {
  repository: string
  ref: string
  target: string
  title: string
  head: string
  at: Date
}

/** Opens a pull request for the ref, or moves the open one's head. Numbers count from 1 in each repository. */
export async function openPullRequest(
  db: Kysely<Database>,
  opened: OpenedPullRequest,
): Promise<PullRequestRow> {
  const { at, ...row } = opened
  return db.transaction().execute(async tx => {
    await tx
      .selectFrom('repositories')
      .select('name')
      .where('name', '=', opened.repository)
      .forUpdate()
      .execute()
    const updated = await tx
      .updateTable('pull_requests')
      .set({ head: opened.head, title: opened.title, updated_at: at })
      .where('repository', '=', opened.repository)
      .where('ref', '=', opened.ref)
      .where('status', '=', 'open')
      .returningAll()
      .executeTakeFirst()
    if (updated) return updated
    const { last } = await tx
      .selectFrom('pull_requests')
      .select(eb => eb.fn.coalesce(eb.fn.max('number'), eb.lit(0)).as('last'))
      .where('repository', '=', opened.repository)
      .executeTakeFirstOrThrow()
    const values = {
      ...row,
      number: Number(last) + 1,
      status: 'open' as const,
      merged_as: null,
      updated_at: at,
    }
    return tx.insertInto('pull_requests').values(values).returningAll().executeTakeFirstOrThrow()
  })
}

/** Newest first. */
export function listPullRequests(
  db: Kysely<Database>,
  filter: { repository?: string | undefined; number?: number | undefined },
): Promise<PullRequestRow[]> {
  let query = db.selectFrom('pull_requests').selectAll().orderBy('created_at', 'desc')
  if (filter.repository) query = query.where('repository', '=', filter.repository)
  if (filter.number) query = query.where('number', '=', filter.number)
  return query.execute()
}

export async function markMerged(
  db: Kysely<Database>,
  repository: string,
  number: number,
  commit: string,
  at: Date,
): Promise<void> {
  await db
    .updateTable('pull_requests')
    .set({ status: 'merged', merged_as: commit, updated_at: at })
    .where('repository', '=', repository)
    .where('number', '=', number)
    .execute()
}
