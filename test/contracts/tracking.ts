import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TrackedRun, Tracking } from '#ports/tracking.ts'

export interface InspectedRun {
  status: string
  name: string
  parent: string | undefined
  params: Record<string, string>
  tags: Record<string, string>
}

type Pairs = { key: string; value: string }[]

/** A run in the words of MLflow's protocol. */
export function inspectedRun(run: {
  info: { status: string; run_name: string }
  data: { tags?: Pairs; params?: Pairs }
}): InspectedRun {
  const [tags, params] = [run.data.tags, run.data.params].map(pairs =>
    Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, value])),
  ) as [Record<string, string>, Record<string, string>]
  const { status, run_name: name } = run.info
  return { status, name, parent: tags['mlflow.parentRunId'], params, tags }
}

export interface TrackingSubject {
  tracking: Tracking
  /** Logs as a step would. */
  logMetric(run: TrackedRun, metric: { key: string; value: number; step: number }): Promise<void>
  /** The run as the service has it. */
  inspect(run: TrackedRun): Promise<InspectedRun>
}

/** What every tracking adapter does. */
export function trackingContract(adapter: string, subject: () => TrackingSubject): void {
  describe(`tracking: ${adapter}`, () => {
    let tracking: Tracking
    let experiment: string
    beforeAll(() => {
      tracking = subject().tracking
      experiment = `it's "${randomBytes(4).toString('hex')}"`
    })
    const start = (name: string, parent?: TrackedRun) =>
      tracking.startRun({
        experiment,
        name,
        tags: { commit: 'c1' },
        ...(parent && { parentRunId: parent.runId }),
      })

    test('runs of one experiment, made at once, share it', async () => {
      const runs = await Promise.all(['a', 'b', 'c', 'd'].map(name => start(name)))
      expect(new Set(runs.map(run => run.experimentId)).size).toBe(1)
      expect(new Set(runs.map(run => run.runId)).size).toBe(4)
    })

    test('a child knows its parent, and the final status wins', async () => {
      const job = await start('job-1')
      const step = await start('train', job)
      expect(await subject().inspect(step)).toMatchObject({ name: 'train', parent: job.runId })
      await tracking.endRun(step.runId, 'FINISHED')
      await tracking.endRun(step.runId, 'FAILED')
      await tracking.endRun(job.runId, 'KILLED')
      expect((await subject().inspect(step)).status).toBe('FAILED')
      expect((await subject().inspect(job)).status).toBe('KILLED')
    })

    test('metrics are the latest values of the run and its children, later steps win', async () => {
      const job = await start('job-2')
      const train = await start('train', job)
      const score = await start('score', job)
      const { logMetric } = subject()
      await logMetric(job, { key: 'f1', value: 0.1, step: 0 })
      await logMetric(train, { key: 'loss', value: 2, step: 0 })
      await logMetric(train, { key: 'loss', value: 1e-5, step: 1 })
      await logMetric(score, { key: 'f1', value: 0.9, step: 0 })
      await logMetric(train, { key: 'f1', value: 0.5, step: 0 })
      expect(await tracking.metrics(job.runId)).toEqual({ f1: 0.9, loss: 1e-5 })
      expect(await tracking.metrics(train.runId)).toEqual({ f1: 0.5, loss: 1e-5 })
    })

    test('a metric’s history has every value of the run alone, by step', async () => {
      const job = await start('job-3')
      const trial = await start('trial', job)
      const { logMetric } = subject()
      for (const [step, value] of [3, 2, Number.NaN, 1].entries()) {
        await logMetric(trial, { key: 'loss', value, step: step * 2 })
      }
      await logMetric(trial, { key: 'loss', value: 9, step: 1 })
      await logMetric(job, { key: 'loss', value: 8, step: 0 })
      expect(await tracking.history(trial.runId, 'loss')).toEqual([3, 9, 2, Number.NaN, 1])
      expect(await tracking.history(trial.runId, 'none')).toEqual([])
    })

    test('what is added to a run is there, also when it is added twice', async () => {
      const run = await start('trial')
      const entries = { params: { rate: '1e-05' }, tags: { colour: 'blue' }, metrics: { f1: 0.5 } }
      await tracking.log(run.runId, entries)
      await tracking.log(run.runId, entries)
      await tracking.endRun(run.runId, 'FINISHED')
      await tracking.log(run.runId, { tags: { colour: 'red' } })
      expect(await tracking.metrics(run.runId)).toEqual({ f1: 0.5 })
      const { params, tags } = await subject().inspect(run)
      expect(params).toEqual({ rate: '1e-05' })
      expect(tags).toMatchObject({ colour: 'red', commit: 'c1' })
    })

    test('a metric that isn’t a number stays one that isn’t', async () => {
      const run = await start('diverged')
      await subject().logMetric(run, { key: 'loss', value: Number.NaN, step: 0 })
      expect(await tracking.metrics(run.runId)).toEqual({ loss: Number.NaN })
    })

    test('the environment of a step names the run', async () => {
      const run = await start('env')
      expect(run.env).toMatchObject({ MLFLOW_TRACKING_URI: run.uri, MLFLOW_RUN_ID: run.runId })
    })
  })
}
