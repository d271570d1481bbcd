import { mkdirSync, renameSync, rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CancelledError } from '#errors.ts'
import type { Command, CommandResult } from '#ports/command-runner.ts'
import type { TrackedRun } from '#ports/tracking.ts'
import type { WarmUse } from '#ports/warm-python.ts'
import type { PlannedStep } from '../plan.ts'
import { commandLine } from './command-line.ts'
import { runDistributed } from './distributed-processes.ts'
import { assertSucceeded, type Execution } from './execution.ts'
import type { JobContext } from './job-context.ts'
import { preparePython, type StepPython } from './prepare-python.ts'
import { processEnvironment } from './process-environment.ts'
import { placeInputs } from './step-inputs.ts'
import { makeOutputs, outputPaths } from './step-outputs.ts'
import { untilAborted } from './until-aborted.ts'
import { warmUp, withWarm } from './warm-step.ts'

/**
 * Runs a command to its end: prepares its environment and tracking run, takes a slot, gives it a fresh folder, and runs
 * it in a copy of its code. Slots are held by processes only, never while something is waited for. Throws StepEnd when
 * it doesn't succeed, CancelledError when it was ended by its signal.
 */
export async function executeStep(job: JobContext, execution: Execution): Promise<void> {
  const python = await preparePython(job, execution.step, execution.signal)
  try {
    await executeWith(job, execution, python)
  } finally {
    job.later(python.dispose())
  }
}

async function executeWith(job: JobContext, execution: Execution, python: StepPython): Promise<void> {
  const { signal } = execution
  const run = await trackingRun(job, execution, python)
  const warming = warmUp(job, execution.step, python, run)
  const release = await job.ports.takeSlot(signal).catch(giveBack(warming))
  try {
    const warm = await warming
    if (signal.aborted) throw new CancelledError()
    await runCommand(job, execution, { python: python.folder, run, warm })
  } finally {
    release()
    void warming.then(warm => warm?.release())
  }
}

/** For a step that got no slot. */
function giveBack(warming: Promise<WarmUse | undefined>) {
  return (error: unknown): never => {
    void warming.then(warm => warm?.release())
    throw error
  }
}

/** Only what can log waits for the tracking service. */
async function trackingRun(
  job: JobContext,
  { step, run, mustTrack, signal }: Execution,
  python: StepPython,
): Promise<TrackedRun | undefined> {
  if (!run) return undefined
  const may = mustTrack || python.isOverlay || (await mayLog(job, step))
  const logs = may || (await job.hasMlflow(python.folder))
  return logs ? untilAborted(run, signal) : undefined
}

/** The command may install `mlflow`, or command or code know its variables and speak its protocol themselves. */
async function mayLog(job: JobContext, { command, code }: PlannedStep): Promise<boolean> {
  if (/\b(mlflow|uv)\b|MLFLOW_|AZUREML_/.test(command)) return true
  return code !== undefined && (await job.code(code)).mentions(/mlflow|MLFLOW_|AZUREML_(ROOT_)?RUN_ID/)
}

async function runCommand(
  job: JobContext,
  execution: Execution,
  { python, run, warm }: { python: string; run: TrackedRun | undefined; warm: WarmUse | undefined },
): Promise<void> {
  const { step, signal } = execution
  const paths = outputPaths(job, step)
  const work = await makeFolders(job, step)
  await makeOutputs(job, step, paths)
  const inputs = await placeInputs(job, step, execution.inputs)
  const outputs = mapValues(paths, path => join(job.folder.root, path))
  const command = commandLine(step.command, { inputs: mapValues(inputs, input => input.text), outputs })
  execution.onRunning()
  const result = await runProcesses(job, execution, {
    argv: ['bash', '-c', command],
    cwd: work,
    readOnly: Object.values(execution.inputs).flatMap(input => (input.literal ? [] : [input.text])),
    fills: Object.values(outputs),
    env: withWarm(processEnvironment(job, { step, work, inputs, outputs, python, run }), python, warm),
    log: join(job.folder.root, job.folder.step(step.name).log),
    signal,
    ...(step.timeoutSeconds === undefined ? {} : { timeoutSeconds: step.timeoutSeconds }),
  })
  captureArtifacts(job, step, result.exitCode === 0)
  assertSucceeded({ ...execution, label: nameOf(execution, result) }, result)
}

function runProcesses(
  job: JobContext,
  { step: { distribution } }: Execution,
  command: Command,
): Promise<CommandResult & { rank?: number }> {
  if (!distribution) return job.ports.commands.run(command)
  return runDistributed(job.ports.commands, distribution, command)
}

function nameOf({ label, step }: Execution, { rank }: { rank?: number }): string {
  return step.distribution && step.distribution.processes > 1 ? `process ${rank} of ${label}` : label
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
  mkdirSync(join(job.folder.root, folder.inputs))
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
