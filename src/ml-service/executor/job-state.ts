import { join } from 'node:path'
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
  save(): Promise<void>
}

/** Reads the state of an earlier, interrupted call for the same job; a folder of another job starts anew. */
export async function openJobState(directory: string, job: string): Promise<JobState> {
  const file = join(directory, 'job.json')
  const stored = (await readJson(file)) as (Partial<JobState> & { job?: string }) | undefined
  const earlier = stored?.job === job ? stored : undefined
  let saving: Promise<void> = Promise.resolve()
  const state: JobState = {
    run: earlier?.run,
    data: earlier?.data ?? {},
    open: earlier?.open ?? {},
    save() {
      const { run, data, open } = state
      saving = saving.then(() =>
        writeJson(file, { job, run: run && withoutSecrets(run), data, open }, { durable: false }),
      )
      return saving
    },
  }
  return state
}

/** The environment of a run may hold a token; a resumed job only needs the ids. */
function withoutSecrets(run: TrackedRun): TrackedRun {
  return { ...run, env: {} }
}
