import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { RunEntries, Tracking } from '#ports/tracking.ts'
import { openRecordedModels } from './recorded-models.ts'
import {
  latestPoint,
  openRecordedRuns,
  orderedPoints,
  type RecordedRun,
  type RecordedRuns,
} from './recorded-runs.ts'
import { recorderRoutes } from './recorder-routes.ts'
import { serveRoutes } from './recorder-server.ts'

/**
 * Tracking without an MLflow server: what steps log by MLflow's protocol is recorded in this process and kept in
 * `directory` (`runs/<id>.json`, artifacts beside). Nothing is opened before the first run starts; `close` ends it.
 */
export function recordingTracking(directory: string): Tracking & { close(): Promise<void> } {
  const token = randomBytes(24).toString('base64url')
  let started: ReturnType<typeof startRecorder> | undefined
  const recorder = () => {
    started ??= startRecorder(directory, token)
    return started
  }
  return {
    async startRun({ experiment, name, parentRunId, tags }) {
      const { records, url } = await recorder()
      const { id: experimentId } = records.experiment(experiment)
      const own = { 'mlflow.runName': name, ...(parentRunId ? { 'mlflow.parentRunId': parentRunId } : {}) }
      const allTags = new Map(Object.entries({ ...tags, ...own }))
      const run = records.create({ experimentId, name, startTime: Date.now(), tags: allTags })
      records.save(run)
      return { runId: run.id, experimentId, uri: url, env: environment(url, token, run, experiment) }
    },
    async endRun(runId, status) {
      const { records } = await recorder()
      const run = records.runs.get(runId)
      if (run) records.save(Object.assign(run, { status, endTime: Date.now() }))
    },
    async metrics(runId) {
      const { records } = await recorder()
      const family = [...records.runs.values()].filter(run => run.tags.get('mlflow.parentRunId') === runId)
      const run = records.runs.get(runId)
      return Object.assign({}, ...[...(run ? [run] : []), ...family].map(latestMetrics)) as Record<
        string,
        number
      >
    },
    async history(runId, metric) {
      const { records } = await recorder()
      const points = records.runs.get(runId)?.metrics.get(metric) ?? []
      return orderedPoints(points).map(({ value }) => value)
    },
    async log(runId, entries) {
      const { records } = await recorder()
      const run = records.runs.get(runId)
      if (!run) return
      add(run, entries)
      if (run.status !== 'RUNNING') records.save(run)
    },
    async close() {
      if (!started) return
      const { records, close } = await started
      await close()
      await saveAll(records)
    },
  }
}

async function startRecorder(directory: string, token: string) {
  const records = openRecordedRuns(directory)
  const routes = recorderRoutes(records, {
    logged: { directory, models: new Map() },
    registered: openRecordedModels(join(directory, 'registered-models.json')),
  })
  const { url, close } = await serveRoutes(routes, token)
  return { records, url, close }
}

function environment(
  url: string,
  token: string,
  run: RecordedRun,
  experiment: string,
): Record<string, string> {
  return {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_RUN_ID: run.id,
    MLFLOW_EXPERIMENT_ID: run.experimentId,
    MLFLOW_EXPERIMENT_NAME: experiment,
    MLFLOW_DISABLE_TELEMETRY: 'true',
  }
}

function latestMetrics(run: RecordedRun): Record<string, number> {
  const values = [...run.metrics].map(([key, points]) => [key, latestPoint(points)!.value] as const)
  return Object.fromEntries(values)
}

function add(run: RecordedRun, { params = {}, metrics = {}, tags = {} }: RunEntries): void {
  for (const [key, value] of Object.entries(params)) run.params.set(key, value)
  for (const [key, value] of Object.entries(tags)) run.tags.set(key, value)
  for (const [key, value] of Object.entries(metrics)) {
    run.metrics.set(key, [...(run.metrics.get(key) ?? []), { value, timestamp: Date.now(), step: 0 }])
  }
}

/** Runs that scripts made themselves and left open. */
async function saveAll(records: RecordedRuns): Promise<void> {
  for (const run of records.runs.values()) if (run.status === 'RUNNING') records.save(run)
}
