import { join } from 'node:path'
import type { Kysely } from 'kysely'
import type { Database } from '#database/schema.ts'
import type { SourceTree } from '#model-types/model-type.ts'
import type { CodeHost } from '#ports/code-host.ts'
import type { Notifier } from '#ports/notifier.ts'
import type { StagePorts } from './stages/stage.ts'

/** What the orchestrator is made of in this process. */
export interface Orchestration {
  db: Kysely<Database>
  /** Folder of runs: `<runs>/<id>/{source,out,logs}`. */
  runs: string
  /** This worker's stable id. */
  worker: string
  ports: StagePorts
  codeHost: CodeHost
  /** Opens a folder with a source tree for reading. */
  openTree(folder: string): Promise<SourceTree>
  notifier: Notifier
  /** Called after versions or `best` of a model have changed: the tracking service's mirror is repaired. */
  mirror(model: string): void
  /** Takes one of this worker's agents, in turn with other runs and jobs; the returned function gives it back. */
  takeAgent(signal: AbortSignal, run: string): Promise<() => void>
  /** Aborted when this process is asked to stop: what runs is left for the next start, not recorded as ended. */
  stopping: AbortSignal
  /** Runs whose stages are executed here and now; aborting one cancels it. */
  active: Map<string, AbortController>
  /** How many stages are at work in this process. */
  executing: { count: number }
  /** Told after anything about a run has changed, for live views. */
  changed(run: string): void
}

/** Where a run keeps its files. */
export function runFolders({ runs }: Pick<Orchestration, 'runs'>, run: string) {
  const folder = join(runs, run)
  return {
    folder,
    out: join(folder, 'out'),
    source: join(folder, 'source'),
    log: (stage: string) => join(folder, 'logs', `${stage}.log`),
  }
}
