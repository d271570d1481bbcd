import { join } from 'node:path'
import type { TrialReport } from '../job.ts'
import { executeStep } from './execute-step.ts'
import { insideRun, StepEnd } from './execution.ts'
import { now } from './finish-step.ts'
import { readJson, writeJson } from './record.ts'
import { areIntact, clear } from './reuse-step.ts'
import { collectOutputs, outputPaths } from './step-outputs.ts'
import type { SweepRun } from './sweep-run.ts'
import type { Trial, TrialRecord } from './trial.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * Brings a trial to its end, unless an earlier call for this job did; how it ended is in its report. Throws what isn't
 * the trial's own failure, e.g. that its environment can't be made.
 */
export async function runTrial(s: SweepRun, trial: Trial): Promise<void> {
  const { step } = trial.ready
  if (await resumeTrial(s, trial)) return
  await clear(join(s.job.folder.root, s.job.folder.step(step.name).base))
  s.update(trial, { status: 'preparing', startedAt: now() })
  const run = startRun(s, trial)
  const signal = AbortSignal.any([s.signal, trial.stop.signal])
  try {
    await insideRun(s.job, { step, run, signal }, async () => {
      await execute(s, trial, { run, signal })
      await endTrial(s, trial, { status: 'completed', exitCode: 0 })
    })
  } catch (error) {
    await endTrial(s, trial, endingOf(s, trial, error))
  }
}

async function startRun(s: SweepRun, trial: Trial) {
  const { step } = trial.ready
  const { trial: number, values } = trial.report
  const tags = {
    'millwright.step': s.ready.step.name,
    'millwright.trial': String(number),
    'millwright.values': JSON.stringify(values),
  }
  const run = await s.job.tracking!.startTrial({ name: step.name, parent: await s.run, tags })
  trial.runId = run.runId
  return run
}

async function execute(
  s: SweepRun,
  trial: Trial,
  { run, signal }: { run: ReturnType<typeof startRun>; signal: AbortSignal },
): Promise<void> {
  const label = `trial ${trial.report.trial} of step '${s.ready.step.name}'`
  const onRunning = () => {
    s.startClock()
    s.update(trial, { status: 'running' })
  }
  const { step, inputs } = trial.ready
  await executeStep(s.job, { step, inputs, label, signal, run, mustTrack: true, onRunning })
}

/** A trial that failed or was stopped is the sweep's to judge; everything else is thrown. */
function endingOf(s: SweepRun, trial: Trial, error: unknown): Partial<TrialReport> {
  if (s.signal.aborted) {
    const message = s.timedOut() ? `the sweep's limit of ${s.sweep.limits.timeoutSeconds} s was over` : null
    return { status: 'cancelled', message }
  }
  if (trial.stop.signal.aborted) {
    return { status: 'cancelled', message: `stopped early: ${trial.stop.signal.reason}` }
  }
  if (!(error instanceof StepEnd)) throw error
  return { status: 'failed', exitCode: error.exitCode, message: error.message }
}

/** Reads what it logged and records how it ended, if that was of its own accord. */
async function endTrial(s: SweepRun, trial: Trial, ending: Partial<TrialReport>): Promise<void> {
  const endedAt = now()
  if (s.signal.aborted && ending.status !== 'completed') return s.update(trial, { ...ending, endedAt })
  await untilAborted(readHistory(s, trial), s.signal)
  const last = trial.history.at(-1)
  const metric = last !== undefined && Number.isFinite(last) ? last : null
  if (ending.status !== 'failed') await record(s, trial, { ...ending, metric, endedAt })
  s.update(trial, { ...ending, metric, endedAt })
}

async function readHistory(s: SweepRun, trial: Trial): Promise<void> {
  const { runId } = trial
  if (runId === undefined) return
  trial.history = await s.tracking.history(runId, s.sweep.objective.metric)
  const params = Object.entries(trial.report.values).map(([name, value]) => {
    return s.tracking.log(runId, { params: { [name]: value } }).catch(ignoreOtherValue)
  })
  await Promise.all(params)
}

/** A param that the script has logged itself, written in another way, stays as it is. */
function ignoreOtherValue(): void {}

async function record(s: SweepRun, trial: Trial, ending: Partial<TrialReport>): Promise<void> {
  const { job } = s
  const { step, key } = trial.ready
  const kept = ending.status === 'completed' ? await collectOutputs(job, outputPaths(job, step)) : {}
  const report = { ...trial.report, ...ending }
  const written: TrialRecord = {
    format: 1,
    job: job.request.job,
    key,
    report,
    history: trial.history,
    outputs: kept,
    runId: trial.runId ?? null,
  }
  await writeJson(join(job.folder.root, job.folder.step(step.name).record), written, { durable: true })
}

/** What an earlier call finished is taken as it is; its tracking run gets the present parent. */
async function resumeTrial(s: SweepRun, trial: Trial): Promise<boolean> {
  const { job } = s
  const { step, key } = trial.ready
  const file = join(job.folder.root, job.folder.step(step.name).record)
  const record = (await readJson(file)) as TrialRecord | undefined
  if (record?.format !== 1 || record.job !== job.request.job || record.key !== key) return false
  if (!(await areIntact(job, record.outputs))) return false
  const { runId } = record
  Object.assign(trial, { history: record.history, judged: record.history.length, runId: runId ?? undefined })
  s.update(trial, record.report)
  if (runId) job.later(adopt(s, runId))
  return true
}

async function adopt(s: SweepRun, runId: string): Promise<void> {
  const parent = await s.run
  await s.tracking.log(runId, { tags: { 'mlflow.parentRunId': parent.runId } })
}
