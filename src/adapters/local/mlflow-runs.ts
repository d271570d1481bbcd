import type { RunEntries } from '#ports/tracking.ts'
import { type MlflowClient, MlflowError } from './mlflow-client.ts'

export interface MlflowRun {
  info: { run_id: string; experiment_id: string; artifact_uri: string; start_time?: number; status: string }
  data: { tags?: { key: string; value: string }[]; metrics?: { key: string; value: number | string }[] }
}

interface Experiment {
  experiment_id: string
  lifecycle_stage: string
}

/** Id of the experiment; made, or restored from MLflow's trash, when it isn't there. */
export async function experimentId(client: MlflowClient, name: string): Promise<string> {
  const found = await findExperiment(client, name)
  if (found) return usable(client, found)
  try {
    const made = await client.send<{ experiment_id: string }>('POST', 'experiments/create', { name })
    return made.experiment_id
  } catch (error) {
    if (!hasCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error
    return (await findExperiment(client, name))!.experiment_id
  }
}

/** All runs of an experiment that have the tag, oldest first. */
export async function runsWithTag(
  client: MlflowClient,
  experiment: string,
  tag: { key: string; value: string },
): Promise<MlflowRun[]> {
  const runs: MlflowRun[] = []
  const query = {
    experiment_ids: [experiment],
    filter: `tags.\`${tag.key}\` = '${tag.value.replaceAll("'", "''")}'`,
    order_by: ['attributes.start_time ASC'],
    max_results: 1000,
  }
  for (let page_token: string | undefined; ; ) {
    const page = await client.send<{ runs?: MlflowRun[]; next_page_token?: string }>('POST', 'runs/search', {
      ...query,
      page_token,
    })
    runs.push(...(page.runs ?? []))
    if (!page.next_page_token) return runs
    page_token = page.next_page_token
  }
}

interface Point {
  value: number | string
  step?: number | string
  timestamp?: number | string
}

/** All values of a run's metric, by step and then by time. */
export async function metricHistory(client: MlflowClient, runId: string, metric: string): Promise<number[]> {
  const points: Point[] = []
  const query = { run_id: runId, metric_key: metric }
  for (let token: string | undefined; ; ) {
    const page = await client.get<{ metrics?: Point[]; next_page_token?: string }>('metrics/get-history', {
      ...query,
      ...(token ? { page_token: token } : {}),
    })
    points.push(...(page.metrics ?? []))
    if (!page.next_page_token) break
    token = page.next_page_token
  }
  const place = ({ step, timestamp }: Point) => [Number(step ?? 0), Number(timestamp ?? 0)] as const
  const ordered = points.sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1])
  return ordered.map(({ value }) => Number(value))
}

/** MLflow takes so many params and tags at once. */
const BATCH = 100

export async function logEntries(client: MlflowClient, runId: string, entries: RunEntries): Promise<void> {
  const params = pairs(entries.params)
  const tags = pairs(entries.tags)
  const metrics = Object.entries(entries.metrics ?? {}).map(([key, value]) => {
    return { key, value: Number.isFinite(value) ? value : String(value), timestamp: Date.now(), step: 0 }
  })
  for (let at = 0; at < Math.max(params.length, tags.length, metrics.length); at += BATCH) {
    const [some, more, numbers] = [params, tags, metrics].map(list => list.slice(at, at + BATCH))
    await client.send('POST', 'runs/log-batch', {
      run_id: runId,
      params: some,
      tags: more,
      metrics: numbers,
    })
  }
}

function pairs(values: Record<string, string> = {}): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }))
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof MlflowError && error.code === code
}

async function findExperiment(client: MlflowClient, name: string): Promise<Experiment | undefined> {
  try {
    const query = { experiment_name: name }
    return (await client.get<{ experiment: Experiment }>('experiments/get-by-name', query)).experiment
  } catch (error) {
    if (hasCode(error, 'RESOURCE_DOES_NOT_EXIST')) return undefined
    throw error
  }
}

async function usable(client: MlflowClient, experiment: Experiment): Promise<string> {
  const { experiment_id } = experiment
  if (experiment.lifecycle_stage === 'deleted') {
    await client.send('POST', 'experiments/restore', { experiment_id })
  }
  return experiment_id
}
