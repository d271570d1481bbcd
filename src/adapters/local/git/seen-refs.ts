import type { RefMove } from './delivery-files.ts'
import type { Git } from './program.ts'
import { refsUnder } from './repository.ts'

/**
 * What the server has handled of each ref is kept as refs of its own, `refs/millwright/seen/…`, invisible to users:
 * git locks them, writes them durably and keeps their commits. `/` becomes `+`, which no accepted name holds.
 */
export async function seenRefs(git: Git, repository: string): Promise<Record<string, string>> {
  const seen = Object.entries(await refsUnder(git, repository, [PREFIX]))
  return Object.fromEntries(
    seen.map(([ref, commit]) => [ref.slice(PREFIX.length).replaceAll('+', '/'), commit]),
  )
}

/** Notes that the ref was handled up to `after`, unless it has moved on: then a later delivery will note it. */
export async function markSeen(git: Git, repository: string, { ref, after }: RefMove): Promise<void> {
  const now = (await refsUnder(git, repository, [ref]))[ref] ?? null
  if (now !== after) return
  const seen = PREFIX + ref.replaceAll('/', '+')
  const args = after === null ? ['update-ref', '-d', '--', seen] : ['update-ref', '--', seen, after]
  await git.text(args, { repository })
}

/** The moves that lead from what was seen (and what is recorded as pending) to what there is now. */
export function unseenMoves(
  refs: Record<string, string>,
  seen: Record<string, string>,
  pending: readonly RefMove[],
): RefMove[] {
  const known = new Map<string, string | null>(Object.entries(seen))
  for (const { ref, after } of pending) known.set(ref, after)
  const names = [...new Set([...Object.keys(refs), ...known.keys()])].sort()
  return names
    .map(ref => ({ ref, before: known.get(ref) ?? null, after: refs[ref] ?? null }))
    .filter(({ before, after }) => before !== after)
}

const PREFIX = 'refs/millwright/seen/'
