import { DBOS } from '@dbos-inc/dbos-sdk'
import { startStage, updateRun } from '#database/runs.ts'
import { isTransient } from '#database/transient.ts'
import { failpoint } from '#failpoint.ts'
import type { Orchestration } from '../orchestration.ts'
import { jobName, submitTraining } from '../stages/run-ml-pipeline.ts'
import { STAGES, type StageName } from '../stages/stages.ts'
import { ciCompleted } from '../triggers/ci-completed.ts'
import { beginRun, endRun } from './begin-and-end.ts'
import { attempt, executeStage, requireRun, type StageEnding } from './execute-stage.ts'
import { type PipelineEngine, type StageFacts, type StageRunner, StageStopped } from './pipeline.ts'
import { PIPELINES } from './pipelines.ts'

/** Queue from which workers pull the stages that need an agent. */
export const AGENTS_QUEUE = 'agents'

/** The workflow of a run, and the queue from which workers pull runs: wide, because a run that waits stays in it. */
export const RUN_WORKFLOW = 'run'
export const RUNS_QUEUE = 'runs'

/** Message topic on which a run hears that its ML job has ended, or that it should look whether it is cancelled. */
export const ML_JOB_TOPIC = 'ml-job'

/** A callback should come; this is how often a waiting run looks by itself. */
const POLL_SECONDS = 20

/** Steps that the database's absence interrupted are tried again for about two minutes. */
const PATIENT = {
  retriesAllowed: true,
  maxAttempts: 12,
  intervalSeconds: 0.5,
  backoffRate: 1.6,
  shouldRetry: isTransient,
}

/**
 * Registers the durable workflows; call once, before the engine is launched. A pipeline runs outside the agents'
 * queue, so that waiting holds no agent; each stage that needs one is a child workflow in that queue.
 */
export function registerPipelines(o: Orchestration, engine: PipelineEngine): void {
  const stageWorkflow = DBOS.registerWorkflow(
    (run: string, stage: StageName) =>
      DBOS.runStep(() => executeStage(o, run, stage), { name: stage, ...PATIENT }),
    { name: 'stage' },
  )
  DBOS.registerWorkflow(runPipeline, { name: RUN_WORKFLOW })

  async function runPipeline(run: string): Promise<void> {
    const beginning = await step('begin', () => beginRun(o, run))
    if ('stopped' in beginning) {
      await step('end', () =>
        endRun(o, run, { status: beginning.stopped, outcome: null, error: beginning.document }),
      )
      return
    }
    const end = await PIPELINES[beginning.pipeline].run(stagesOf(run)).then(
      outcome => ({ status: 'succeeded' as const, outcome, error: null }),
      (error: unknown) => {
        if (error instanceof StageStopped)
          return { status: error.status, outcome: null, error: error.document }
        throw error
      },
    )
    await step('end', () => endRun(o, run, end))
  }

  function stagesOf(run: string): StageRunner {
    const begin = async (stage: StageName) => {
      const child = DBOS.startWorkflow(stageWorkflow, {
        workflowID: `${run}/${stage}`,
        queueName: AGENTS_QUEUE,
      })
      return child(run, stage)
    }
    const inAgent = async (stage: StageName) => (await begin(stage)).getResult({ pollingIntervalMs: 50 })
    const runStage = async (stage: StageName) =>
      passed(
        stage,
        STAGES[stage].agent ? await inAgent(stage) : await step(stage, () => executeStage(o, run, stage)),
      )

    return {
      run: runStage,
      async runTogether(stages) {
        const handles = []
        for (const stage of stages) handles.push({ stage, handle: await begin(stage) })
        const endings: [StageName, StageEnding][] = []
        for (const { stage, handle } of handles)
          endings.push([stage, await handle.getResult({ pollingIntervalMs: 50 })])
        for (const [stage, ending] of endings) passed(stage, ending)
      },
      async runMlPipeline() {
        const submitted = await step('submit ML job', () => submit(run))
        if (submitted.status === 'succeeded') await jobEnd(run)
        return submitted.status === 'succeeded'
          ? runStage('run-ml-pipeline')
          : passed('run-ml-pipeline', submitted)
      },
      async startCd() {
        await step('start CD', () => ciCompleted(o, engine, run))
      },
    }
  }

  /** Submits and marks run and stage as waiting: nothing is held from here on. */
  async function submit(id: string): Promise<StageEnding> {
    const run = await requireRun(o, id)
    const ending = await attempt(o, run, 'run-ml-pipeline', async input => {
      const job = await submitTraining(input, o.ports, id)
      return { summary: `waiting for ML job ${job}`, detail: { job } }
    })
    if (ending.status !== 'succeeded') return ending
    await startStage(o.db, id, 'run-ml-pipeline', o.ports.clock.now(), 'waiting')
    await updateRun(o.db, id, { status: 'waiting' })
    o.changed(id)
    failpoint('waiting:run-ml-pipeline')
    return ending
  }

  async function jobEnd(run: string): Promise<void> {
    for (let ended = false; !ended; ) {
      await DBOS.recv(ML_JOB_TOPIC, { timeoutSeconds: POLL_SECONDS })
      ended = await step('look at ML job', () => lookAtJob(run))
    }
    await step('go on', async () => {
      await updateRun(o.db, run, { status: 'running', worker: o.worker })
    })
  }

  async function lookAtJob(id: string): Promise<boolean> {
    const run = await requireRun(o, id)
    const job = jobName({ modelType: run.model_type, run: { buildId: run.build_id } })
    if (run.cancel_requested_at) await o.ports.mlService.cancel(job)
    const { status } = await o.ports.mlService.status(job)
    return status === 'completed' || status === 'failed' || status === 'cancelled'
  }
}

function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  return DBOS.runStep(work, { name, ...PATIENT })
}

function passed(stage: StageName, ending: StageEnding): StageFacts {
  if (ending.status === 'succeeded') return ending.facts
  throw new StageStopped(stage, ending.status, ending.document)
}
