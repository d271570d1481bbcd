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
