import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TrackedRun } from '#ports/tracking.ts'
import type { ResolvedData } from '../job.ts'
import { readJson, writeJson } from './record.ts'

/**
 * What a job must not decide twice (`job.json`, `open-runs`): its tracking run and what its references meant when it began, so that
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

/** Changes this close to each other (a step ends, the next begins) are written once. */
const GATHER_MS = 5

/** Reads the state of an earlier, interrupted call for the same job; a folder of another job starts anew. */
export async function openJobState(directory: string, job: string): Promise<JobState> {
  const file = join(directory, 'job.json')
  const stored = (await readJson(file)) as (Partial<JobState> & { job?: string }) | undefined
  const earlier = stored?.job === job ? stored : undefined
  const openRuns = openRunsFile(join(directory, 'open-runs'), job)
  let written = ''
  let saving: Promise<void> | undefined
  async function write(): Promise<void> {
    await sleep(GATHER_MS)
    saving = undefined
    openRuns.write(state.open)
    const document = { job, run: state.run && withoutSecrets(state.run), data: state.data }
    if (JSON.stringify(document) === written) return
    await writeJson(file, document, { durable: false })
    written = JSON.stringify(document)
  }
  const state: JobState = {
    run: earlier?.run,
    data: earlier?.data ?? {},
    open: openRuns.read(),
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

/**
 * Which runs are open changes with every step, so changes are appended, one line each: replacing a file makes the
 * file system write it out, which costs milliseconds.
 */
function openRunsFile(file: string, job: string) {
  let known: Record<string, string> = {}
  return {
    read(): Record<string, string> {
      known = existsSync(file) ? replay(readFileSync(file, 'utf8'), job) : {}
      return { ...known }
    },
    write(open: Record<string, string>): void {
      const steps = new Set([...Object.keys(known), ...Object.keys(open)])
      const changed = [...steps].filter(step => known[step] !== open[step])
      const lines = changed.map(step => `${JSON.stringify({ job, step, run: open[step] ?? null })}\n`)
      if (lines.length > 0) appendFileSync(file, lines.join(''))
      known = { ...open }
    },
  }
}

/** A last line that a crash has cut is left out. */
function replay(text: string, job: string): Record<string, string> {
  const open: Record<string, string> = {}
  for (const line of text.split('\n').slice(0, -1)) {
    const change = JSON.parse(line) as { job: string; step: string; run: string | null }
    if (change.job !== job) continue
    if (change.run === null) delete open[change.step]
    else open[change.step] = change.run
  }
  return open
}
