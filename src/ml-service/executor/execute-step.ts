import { mkdirSync, renameSync, rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CancelledError } from '#errors.ts'
import type { CommandResult } from '#ports/command-runner.ts'
import type { TrackedRun } from '#ports/tracking.ts'
import type { PlannedStep } from '../plan.ts'
import { commandLine } from './command-line.ts'
import type { JobContext } from './job-context.ts'
import { processEnvironment } from './process-environment.ts'
import { placeInputs, type ReadyInput } from './step-inputs.ts'
import { makeOutputs, outputPaths } from './step-outputs.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * Runs a step's process: prepares its environment and tracking run, takes a slot, gives it a fresh folder, and runs
 * the command in a copy of its code. Slots are held by processes only, never while something is waited for.
 */
export async function executeStep(
  job: JobContext,
  step: PlannedStep,
  inputs: Record<string, ReadyInput>,
  tracked: Promise<TrackedRun> | undefined,
): Promise<CommandResult> {
  const python = await untilAborted(job.environment(job.requirements(step)), job.signal)
  const run =
    tracked && (await logsToTracking(job, step, python)) ? await untilAborted(tracked, job.signal) : undefined
  const release = await job.ports.takeSlot(job.signal)
  try {
    if (job.signal.aborted) throw new CancelledError()
    return await runProcess(job, step, inputs, python, run)
  } finally {
    release()
  }
}

/** Only what can log waits for the tracking service: `mlflow` is installed, or the command may install it. */
async function logsToTracking(job: JobContext, step: PlannedStep, python: string): Promise<boolean> {
  return /\b(mlflow|pip|uv|conda)\b/.test(step.command) || job.hasMlflow(python)
}

async function runProcess(
  job: JobContext,
  step: PlannedStep,
  inputs: Record<string, ReadyInput>,
  python: string,
  run: TrackedRun | undefined,
): Promise<CommandResult> {
  const paths = outputPaths(job, step)
  const work = await makeFolders(job, step)
  await makeOutputs(job, step, paths)
  const placed = await placeInputs(job, step, inputs)
  const outputs = mapValues(paths, path => join(job.folder.root, path))
  const command = commandLine(step.command, { inputs: mapValues(placed, input => input.text), outputs })
  job.update(step.name, { status: 'running' })
  const result = await job.ports.commands.run({
    argv: ['bash', '-c', command],
    cwd: work,
    readOnly: Object.values(inputs).flatMap(input => (input.literal ? [] : [input.text])),
    fills: Object.values(outputs),
    env: processEnvironment(job, { step, work, inputs: placed, outputs, python, run }),
    log: join(job.folder.root, job.folder.step(step.name).log),
    signal: job.signal,
    ...(step.timeoutSeconds === undefined ? {} : { timeoutSeconds: step.timeoutSeconds }),
  })
  captureArtifacts(job, step, result.exitCode === 0)
  return result
}

/**
 * Makes the working directory, with the code and the folders `outputs` and `logs` whose contents are kept. A handful of
 * small folders is made faster than one wait for the thread pool takes.
 */
async function makeFolders(job: JobContext, step: PlannedStep): Promise<string> {
  const folder = job.folder.step(step.name)
  const work = join(job.folder.root, folder.work)
  mkdirSync(dirname(join(job.folder.root, folder.log)), { recursive: true })
  mkdirSync(work)
  if (step.code !== undefined) await (await job.code(step.code)).copyTo(work)
  mkdirSync(join(work, 'outputs'), { recursive: true })
  mkdirSync(join(work, 'logs'), { recursive: true })
  return work
}

/** Keeps what the step left in `outputs` and `logs`; the working directory stays only for those who look for an error. */
function captureArtifacts(job: JobContext, step: PlannedStep, succeeded: boolean): void {
  const folder = job.folder.step(step.name)
  const work = join(job.folder.root, folder.work)
  for (const name of ['outputs', 'logs']) {
    attempt(() => renameSync(join(work, name), join(job.folder.root, folder.artifacts, name)))
  }
  const removed = succeeded && attempt(() => rmdirSync(work))
  if (succeeded && !removed) job.later(rm(work, { recursive: true, force: true }))
}

/** Whether it could be done: the step may have removed anything. */
function attempt(change: () => void): boolean {
  try {
    change()
    return true
  } catch {
    return false
  }
}

function mapValues<A, B>(values: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}
