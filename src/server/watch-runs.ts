import { ENDED, listRuns } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import type { Orchestration } from '#orchestrator/orchestration.ts'
import { type RunDocument, runDocuments } from '#orchestrator/run-document.ts'

/** How many of the newest runs are looked at. */
const NEWEST = 200

/** Each call gives the runs that may have changed since the last one; the first those that have not ended. */
export function runWatcher(o: Orchestration): () => Promise<RunDocument[]> {
  let open = new Set<string>()
  let newest: number | undefined
  return async () => {
    const rows = await listRuns(o.db, { limit: NEWEST })
    const isNew = (run: RunRow) => newest !== undefined && run.build_id > newest
    const chosen = rows.filter(run => !hasEnded(run) || open.has(run.id) || isNew(run))
    open = new Set(chosen.filter(run => !hasEnded(run)).map(run => run.id))
    newest = rows[0]?.build_id ?? 0
    return runDocuments(o.db, chosen.reverse())
  }
}

export function hasEnded({ status }: Pick<RunRow, 'status'>): boolean {
  return (ENDED as readonly string[]).includes(status)
}
