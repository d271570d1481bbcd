import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TrackedRun } from '#ports/tracking.ts'
import type { ResolvedData } from '../job.ts'
import { readJson, writeJson } from './record.ts'

/**
 * What a job must not decide twice (`job.json`): its tracking run and what its references meant when it began, so that
 * `@latest` doesn't move while it runs or is resumed.
 */
export interface JobState {
  run: TrackedRun | undefined
  data: Record<string, ResolvedData>
  /** Tracking runs of steps that haven't been ended, by step. */
  open: Record<string, string>
  /** Resolves when the state as it is now, or as it was changed since, has been written. */
  save(): Promise<void>
}

/** Changes this close to each other (a step ends, the next begins) are written once: replacing a file costs a millisecond. */
const GATHER_MS = 5

/** Reads the state of an earlier, interrupted call for the same job; a folder of another job starts anew. */
export async function openJobState(directory: string, job: string): Promise<JobState> {
  const file = join(directory, 'job.json')
  const stored = (await readJson(file)) as (Partial<JobState> & { job?: string }) | undefined
  const earlier = stored?.job === job ? stored : undefined
  let saving: Promise<void> | undefined
  async function write(): Promise<void> {
    await sleep(GATHER_MS)
    saving = undefined
    const { run, data, open } = state
    await writeJson(file, { job, run: run && withoutSecrets(run), data, open }, { durable: false })
  }
  const state: JobState = {
    run: earlier?.run,
    data: earlier?.data ?? {},
    open: earlier?.open ?? {},
    save() {
      saving ??= write()
      return saving
    },
  }
  return state
}

/** The environment of a run may hold a token; a resumed job only needs the ids. */
function withoutSecrets(run: TrackedRun): TrackedRun {
  return { ...run, env: {} }
}
