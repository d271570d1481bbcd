/** Experiment tracking by the MLflow protocol. Steps log to `uri` themselves; this port makes and closes the runs. */
export interface Tracking {
  /** Waits until the tracking service answers, then makes a run (a child of `parentRunId` when given). */
  startRun(run: {
    experiment: string
    name: string
    parentRunId?: string
    tags: Record<string, string>
  }): Promise<TrackedRun>
  /** The final status wins over what autologging wrote. */
  endRun(runId: string, status: 'FINISHED' | 'FAILED' | 'KILLED'): Promise<void>
  /** Latest value of every metric of the run and, with children, of its child runs (later steps win). */
  metrics(runId: string): Promise<Record<string, number>>
  /** Every value of one metric of this run alone, in the order of its steps, then of time; empty when none was logged. */
  history(runId: string, metric: string): Promise<number[]>
  /** Adds to a run what isn't the script's to log. May be called twice. */
  log(runId: string, entries: RunEntries): Promise<void>
}

export interface RunEntries {
  params?: Record<string, string>
  metrics?: Record<string, number>
  tags?: Record<string, string>
}

export interface TrackedRun {
  runId: string
  experimentId: string
  /** Environment variables that make `mlflow` in a step log to this run. */
  env: Record<string, string>
  uri: string
}
