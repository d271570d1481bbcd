import { appendFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StageFailure, UserError } from '#errors.ts'
import type { PlannedStep } from '../plan.ts'
import type { JobContext } from './job-context.ts'
import { untilAborted } from './until-aborted.ts'

/** The Python that a step runs with. */
export interface StepPython {
  /** The environment's folder. */
  folder: string
  /** The step may install packages: `folder` is its own, over a shared one. */
  isOverlay: boolean
  /** Removes what was made for this step alone. */
  dispose(): Promise<void>
}

/**
 * Prepares a step's environment. A step whose command or code speaks of pip gets one of its own over the shared one,
 * to install into and to throw away. Throws StageFailure or UserError that begins with "prepare environment"; what the
 * resolver said is in the step's log then.
 */
export async function preparePython(
  job: JobContext,
  step: PlannedStep,
  signal: AbortSignal,
): Promise<StepPython> {
  const attempt = { job, step, signal }
  const shared = await prepare(attempt, () => job.environment(job.requirements(step)))
  const inCommand = INSTALLS.test(step.command)
  if (!inCommand && !(await codeInstalls(job, step)))
    return { folder: shared, isOverlay: false, async dispose() {} }
  const folder = join(job.folder.root, job.folder.step(step.name).base, 'python')
  const dispose = () => rm(folder, { recursive: true, force: true })
  const progress = (line: string) => job.reports.has(step.name) && job.update(step.name, { progress: line })
  const overlay = () => job.ports.environments.overlay(shared, folder, { signal, onProgress: progress })
  try {
    await prepare(attempt, overlay)
    return { folder, isOverlay: true, dispose }
  } catch (error) {
    await dispose()
    if (inCommand || signal.aborted) throw error
    return { folder: shared, isOverlay: false, dispose } // its code may only speak of pip
  }
}

/** Words of those who install packages. `pip` also stands in `python -m pip` and `uv pip`. */
const INSTALLS =
  /(?<![\w.-])(?:pip[\d.]*|get-pip\.py|ensurepip|easy_install|poetry|pipenv|conda|setup\.py)(?![\w-])/

async function codeInstalls(job: JobContext, step: PlannedStep): Promise<boolean> {
  return step.code !== undefined && (await job.code(step.code)).mentions(INSTALLS)
}

interface Attempt {
  job: JobContext
  step: PlannedStep
  signal: AbortSignal
}

async function prepare<T>({ job, step, signal }: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await untilAborted(work(), signal)
  } catch (error) {
    if (!(error instanceof StageFailure || error instanceof UserError)) throw error
    const message = `prepare environment: ${error.message}${error.hint ? ` (${error.hint})` : ''}`
    await writeLog(job, step, error.cause instanceof Error ? error.cause.message : message)
    throw new StageFailure(message, { cause: error })
  }
}

async function writeLog(job: JobContext, step: PlannedStep, text: string): Promise<void> {
  const log = join(job.folder.root, job.folder.step(step.name).log)
  await mkdir(dirname(log), { recursive: true })
  await appendFile(log, `${text.trimEnd()}\n`)
}
