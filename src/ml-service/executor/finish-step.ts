import { join } from 'node:path'
import type { StepReport } from '../job.ts'
import type { PlannedStep } from '../plan.ts'
import type { JobContext, StepOutput } from './job-context.ts'
import type { ReadyStep } from './ready-step.ts'
import { type StepRecord, writeJson } from './record.ts'

/** Lets the steps below see what a step left, and tells the listener. */
export function finishStep(
  job: JobContext,
  step: PlannedStep,
  outputs: Record<string, StepOutput>,
  report: Partial<StepReport>,
): void {
  job.outputs.set(step.name, outputs)
  job.update(step.name, { ...report, outputs: reportedPaths(job, outputs) })
}

/** Records an ended step, for a later call and for explanations. With `durable` the record survives a power failure. */
export async function recordStep(
  job: JobContext,
  { step, key, parts, texts, reuse }: ReadyStep,
  end: { outputs: Record<string, StepOutput>; report: Partial<StepReport>; durable: boolean },
): Promise<void> {
  const { outputs, durable } = end
  const report = { ...job.reports.get(step.name)!, ...end.report, outputs: reportedPaths(job, outputs) }
  const runId = job.state.open[step.name] ?? null
  const about = { format: 1, job: job.request.job, key, parts, texts, reuse } as const
  const record: StepRecord = { ...about, report, outputs, runId }
  await writeJson(join(job.folder.root, job.folder.step(step.name).record), record, { durable })
}

/** The present, RFC 3339 in UTC. */
export function now(): string {
  return new Date().toISOString()
}

function reportedPaths(job: JobContext, outputs: Record<string, StepOutput>): Record<string, string> {
  const entries = Object.entries(outputs)
  return Object.fromEntries(entries.map(([name, { path }]) => [name, join(job.folder.directory, path)]))
}
