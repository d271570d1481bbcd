import { randomUUID } from 'node:crypto'
import type { TrackedRun, Tracking } from '#ports/tracking.ts'
import { type MlflowClient, mlflowClient } from './mlflow-client.ts'
import { experimentId, logEntries, type MlflowRun, metricHistory, runsWithTag } from './mlflow-runs.ts'

/** Marks a run with the call that made it, so that a call whose answer was lost finds its run. */
const REQUEST_TAG = 'millwright.request'
const PARENT_TAG = 'mlflow.parentRunId'

/**
 * Tracking by an MLflow server. `uri` resolves when the server is ready; while it is down, calls wait up to
 * `patienceMs` (default five minutes) and then throw.
 */
export function mlflowTracking(options: { uri: () => Promise<string>; patienceMs?: number }): Tracking {
  const client = mlflowClient(options.uri, options.patienceMs)
  const experimentOf = rememberBriefly((name: string) => experimentId(client, name))
  return {
    async startRun(run) {
      const experiment = await experimentOf(run.experiment)
      const runId = await createRun(client, experiment, run)
      return tracked(await client.uri(), { runId, experimentId: experiment, experiment: run.experiment })
    },
    async endRun(runId, status) {
      await client.send('POST', 'runs/update', { run_id: runId, status, end_time: Date.now() })
    },
    async metrics(runId) {
      const { run } = await client.get<{ run: MlflowRun }>('runs/get', { run_id: runId })
      const children = await runsWithTag(client, run.info.experiment_id, { key: PARENT_TAG, value: runId })
      return Object.assign({}, ...[run, ...children].map(metricsOf))
    },
    history: (runId, metric) => metricHistory(client, runId, metric),
    log: (runId, entries) => logEntries(client, runId, entries),
  }
}

/** The steps of a job begin close to each other; later, the experiment may have been deleted or renamed by a user. */
const REMEMBERED_MS = 5_000

function rememberBriefly(find: (name: string) => Promise<string>): (name: string) => Promise<string> {
  const found = new Map<string, { id: Promise<string>; until: number }>()
  return name => {
    const known = found.get(name)
    if (known && known.until > Date.now()) return known.id
    const id = find(name)
    id.catch(() => found.delete(name))
    found.set(name, { id, until: Date.now() + REMEMBERED_MS })
    return id
  }
}

async function createRun(
  client: MlflowClient,
  experiment: string,
  run: Parameters<Tracking['startRun']>[0],
): Promise<string> {
  const request = { key: REQUEST_TAG, value: randomUUID() }
  const tags = { ...run.tags, ...(run.parentRunId ? { [PARENT_TAG]: run.parentRunId } : {}) }
  const body = {
    experiment_id: experiment,
    run_name: run.name,
    start_time: Date.now(),
    tags: [...Object.entries(tags).map(([key, value]) => ({ key, value })), request],
  }
  let retried = false
  const { run: made } = await client.send<{ run: MlflowRun }>('POST', 'runs/create', body, () => {
    retried = true
  })
  if (retried) await dropTwins(client, experiment, request, made.info.run_id)
  return made.info.run_id
}

/** A repeated create may have made a run twice: the one that nobody knows is moved to MLflow's trash. */
async function dropTwins(
  client: MlflowClient,
  experiment: string,
  request: { key: string; value: string },
  known: string,
): Promise<void> {
  for (const { info } of await runsWithTag(client, experiment, request)) {
    if (info.run_id !== known) await client.send('POST', 'runs/delete', { run_id: info.run_id })
  }
}

function tracked(uri: string, run: { runId: string; experimentId: string; experiment: string }): TrackedRun {
  const env = {
    MLFLOW_TRACKING_URI: uri,
    MLFLOW_RUN_ID: run.runId,
    MLFLOW_EXPERIMENT_ID: run.experimentId,
    MLFLOW_EXPERIMENT_NAME: run.experiment,
    MLFLOW_DISABLE_TELEMETRY: 'true',
  }
  return { runId: run.runId, experimentId: run.experimentId, env, uri }
}

function metricsOf(run: MlflowRun): Record<string, number> {
  return Object.fromEntries((run.data.metrics ?? []).map(({ key, value }) => [key, Number(value)]))
}
