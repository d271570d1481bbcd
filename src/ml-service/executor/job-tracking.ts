import type { TrackedRun, Tracking } from '#ports/tracking.ts'
import type { JobReport, JobRequest } from '../job.ts'
import type { JobState } from './job-state.ts'

/** The tracking runs of a job: one of its own, made with the first step that executes, and a child for each such step. */
export interface JobTracking {
  startStep(step: string): Promise<TrackedRun>
  /** The run of a sweep's trial, below the step's; it is ended like a step's, by its name. */
  startTrial(trial: { name: string; parent: TrackedRun; tags: Record<string, string> }): Promise<TrackedRun>
  /** Ends the step's run when it has been made; the status of the executor wins over what autologging wrote. */
  endStep(step: string, run: Promise<TrackedRun>, status: RunStatus): void
  /** Ends the job's run, if there is one, and waits for all that was asked for. */
  finish(status: RunStatus): Promise<JobReport['tracking']>
}

export type RunStatus = Parameters<Tracking['endRun']>[1]

export function jobTracking(tracking: Tracking, request: JobRequest, state: JobState): JobTracking {
  const { experiment } = request.plan
  const tags = { 'millwright.job': request.job }
  const pending = new Set<Promise<void>>()
  let parent: Promise<TrackedRun> | undefined

  function jobRun(): Promise<TrackedRun> {
    parent ??= state.run ? Promise.resolve(state.run) : startJobRun()
    return parent
  }
  async function startJobRun(): Promise<TrackedRun> {
    const run = await tracking.startRun({ experiment, name: request.job, tags })
    state.run = run
    await state.save()
    return run
  }
  /** A tracking service that fails here doesn't undo work that is done. */
  function later(work: Promise<unknown>): void {
    const settled: Promise<void> = work.then(
      () => {},
      () => {},
    )
    pending.add(settled)
    void settled.then(() => pending.delete(settled))
  }
  /** Ends what an interrupted call for this job left running. */
  function abandon(): void {
    for (const runId of Object.values(state.open)) later(tracking.endRun(runId, 'KILLED'))
    state.open = {}
  }
  async function startChild(name: string, parent: TrackedRun, own: Record<string, string>) {
    const parentRunId = parent.runId
    const run = await tracking.startRun({ experiment, name, parentRunId, tags: { ...tags, ...own } })
    state.open[name] = run.runId
    await state.save()
    return run
  }
  async function endStep(name: string, run: Promise<TrackedRun>, status: RunStatus): Promise<void> {
    await tracking.endRun((await run).runId, status)
    delete state.open[name]
    await state.save()
  }
  abandon()
  return {
    async startStep(name) {
      const parent = await jobRun()
      return startChild(name, parent, { 'millwright.step': name })
    },
    startTrial: ({ name, parent, tags }) => startChild(name, parent, tags),
    endStep: (name, run, status) => later(endStep(name, run, status)),
    async finish(status) {
      await Promise.all(pending)
      const run = await (state.run ? jobRun() : parent)?.catch(() => undefined)
      if (!run) return null
      await tracking.endRun(run.runId, status).catch(() => {})
      return { uri: run.uri, experiment, runId: run.runId }
    },
  }
}
