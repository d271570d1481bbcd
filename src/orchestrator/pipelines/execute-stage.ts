import { appendFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { endStage, findRun, startStage } from '#database/runs.ts'
import type { RunRow, StageRow } from '#database/schema.ts'
import { isTransient } from '#database/transient.ts'
import { CancelledError } from '#errors.ts'
import { failpoint } from '#failpoint.ts'
import { type Orchestration, runFolders } from '../orchestration.ts'
import { leave, type StageInput, type StageOutput } from '../stages/stage.ts'
import { STAGES, type StageName } from '../stages/stages.ts'
import { fetchSource } from './fetch-source.ts'
import type { StageFacts } from './pipeline.ts'
import { recordOutput } from './record-output.ts'
import { earlierValidation } from './reuse-validation.ts'
import { stageErrorDocument, stageErrorText } from './stage-error.ts'

/** How a stage ended, as the engine's journal keeps it. */
export interface StageEnding {
  status: 'succeeded' | 'failed' | 'cancelled'
  facts: StageFacts
  /** The error's document, or null. */
  document: unknown
}

/**
 * Executes one stage of a run and records how it ended. May be called again after a crash: the stage finds its earlier
 * effect. Throws only what is worth another attempt (the database is away).
 */
export async function executeStage(o: Orchestration, id: string, name: StageName): Promise<StageEnding> {
  const run = await requireRun(o, id)
  const earlier = await earlierValidation(o, run, name)
  if (earlier) return reused(o, run, name, earlier)
  return attempt(o, run, name, async input => {
    const release = STAGES[name].agent ? await o.takeAgent(input.signal, id) : () => {}
    try {
      failpoint(`before:${name}`)
      // The checks may have written into the tree; what is packaged is the commit's.
      if (name === 'package-artifacts') await fetchSource(o, run)
      const output = await STAGES[name].run(input, o.ports)
      failpoint(`effect:${name}`)
      return output
    } finally {
      release()
    }
  })
}

/** Runs `work` as an attempt of the stage: start and end are recorded, errors become endings, a cancel is heard. */
export async function attempt(
  o: Orchestration,
  run: RunRow,
  name: StageName,
  work: (input: StageInput) => Promise<StageOutput>,
): Promise<StageEnding> {
  const { signal, release } = cancellable(o, run)
  await startStage(o.db, run.id, name, o.ports.clock.now(), 'running')
  o.changed(run.id)
  const input = await stageInput(o, run, name, signal)
  const done = await perform(o, input, work)
  release()
  if (o.stopping.aborted && 'error' in done) return new Promise(() => {})
  const ending =
    'output' in done
      ? await succeeded(o, run, name, input, done.output)
      : await stopped(o, run, name, input, done.error)
  o.changed(run.id)
  failpoint(`after:${name}`)
  return ending
}

async function perform(
  o: Orchestration,
  input: StageInput,
  work: (input: StageInput) => Promise<StageOutput>,
): Promise<{ output: StageOutput } | { error: unknown }> {
  o.executing.count++
  try {
    input.signal.throwIfAborted()
    return { output: await work(input) }
  } catch (error) {
    return { error }
  } finally {
    o.executing.count--
  }
}

/** Loads a run that must exist. */
export async function requireRun(o: Orchestration, id: string): Promise<RunRow> {
  const run = await findRun(o.db, id)
  if (!run) throw new Error(`run ${id} is not in the database`)
  return run
}

/** The stages of one run share one signal, so that a cancel reaches all of them. */
function cancellable(o: Orchestration, run: RunRow): { signal: AbortSignal; release: () => void } {
  const controller = o.active.get(run.id) ?? new AbortController()
  o.active.set(run.id, controller)
  if (run.cancel_requested_at) controller.abort(new CancelledError())
  const stop = () => controller.abort(new CancelledError('stopping'))
  o.stopping.addEventListener('abort', stop, { once: true })
  return { signal: controller.signal, release: () => o.stopping.removeEventListener('abort', stop) }
}

/** What a stage of this run is given. */
export async function stageInput(
  o: Orchestration,
  run: RunRow,
  name: StageName,
  signal: AbortSignal,
): Promise<StageInput> {
  const folders = runFolders(o, run.id)
  const logFile = folders.log(name)
  await Promise.all([mkdir(dirname(logFile), { recursive: true }), mkdir(folders.out, { recursive: true })])
  const input = run.input as { artifact?: string; committedAt?: string; onlyServe?: boolean }
  return {
    run: {
      buildId: run.build_id,
      pipeline: run.pipeline,
      trigger: run.trigger,
      reason: run.reason,
      commit: run.commit,
      committedAt: input.committedAt ?? run.created_at.toISOString(),
      environment: run.environment ?? 'dev',
      dataset: run.dataset,
      onlyServe: input.onlyServe ?? false,
      artifact: input.artifact ?? null,
    },
    modelType: run.model_type,
    source: folders.source,
    in: folders.out,
    out: folders.out,
    logFile,
    log: line => appendFileSync(logFile, `${line}\n`),
    signal,
  }
}

async function reused(
  o: Orchestration,
  run: RunRow,
  name: StageName,
  earlier: StageRow & { build_id: number },
): Promise<StageEnding> {
  const at = o.ports.clock.now()
  const summary = `the same files passed in run ${earlier.build_id}: ${earlier.summary}`
  await endStage(o.db, run.id, name, { status: 'reused', at, summary, detail: earlier.detail, error: null })
  o.changed(run.id)
  return { status: 'succeeded', facts: {}, document: null }
}

async function succeeded(
  o: Orchestration,
  run: RunRow,
  name: StageName,
  input: StageInput,
  output: StageOutput,
): Promise<StageEnding> {
  await leave(input.out, name, output.detail)
  await recordOutput(o, run, name, output.detail)
  const at = o.ports.clock.now()
  await endStage(o.db, run.id, name, {
    status: 'succeeded',
    at,
    summary: output.summary,
    detail: output.detail,
    error: null,
  })
  if (name === 'compare-models' || name === 'tag-model') o.mirror(run.model_type)
  return { status: 'succeeded', facts: factsOf(output.detail), document: null }
}

function factsOf({ verdict, repackaged }: Record<string, unknown>): StageFacts {
  return {
    ...(typeof verdict === 'string' ? { verdict } : {}),
    ...(typeof repackaged === 'number' ? { repackaged } : {}),
  }
}

async function stopped(
  o: Orchestration,
  run: RunRow,
  name: StageName,
  input: StageInput,
  error: unknown,
): Promise<StageEnding> {
  if (isTransient(error)) throw error
  const status = input.signal.aborted || error instanceof CancelledError ? 'cancelled' : 'failed'
  const document = status === 'cancelled' ? null : stageErrorDocument(error, name, input.source)
  input.log(status === 'cancelled' ? 'cancelled' : stageErrorText(error, input.source))
  const at = o.ports.clock.now()
  await endStage(o.db, run.id, name, { status, at, summary: null, detail: null, error: document })
  return { status, facts: {}, document }
}
