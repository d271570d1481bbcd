import { openAsBlob } from 'node:fs'
import type { ModelVersion } from '#models/version.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'
import { listFiles } from './folder-listing.ts'
import { type MlflowClient, mlflowClient } from './mlflow-client.ts'
import { createVersion, dropVersion, ensureModel, mirroredVersions, repairAliases } from './mlflow-models.ts'
import { experimentId, type MlflowRun, runsWithTag } from './mlflow-runs.ts'

const EXPERIMENT = 'millwright-models'

/**
 * Keeps MLflow's registered model equal to our registry, which alone decides: every version with its files (uploaded
 * to a run of experiment `millwright-models`, because MLflow refuses sources outside of its own artifacts), and the
 * aliases `best-<environment>` and `best` (environment dev). `latest` is an alias that MLflow keeps itself: its
 * highest number, which `repair` makes our newest version. Versions that people made in MLflow are left alone.
 */
export function mirrorToMlflow(options: {
  uri: () => Promise<string>
  registry: ModelRegistry
  patienceMs?: number
}): { repair(model: string): Promise<void> } {
  const client = mlflowClient(options.uri, options.patienceMs)
  const { registry } = options
  const underWay = new Map<string, Promise<void>>()

  return {
    /** May be called at any time and any number of times; calls for one model are done one after another. */
    async repair(model) {
      const before = underWay.get(model) ?? Promise.resolve()
      const repaired = before.catch(() => {}).then(() => repairModel(model))
      underWay.set(model, repaired)
      await repaired
    },
  }

  async function repairModel(model: string): Promise<void> {
    const versions = await registry.versions({ model })
    if (versions.length === 0) return
    await ensureModel(client, model)
    const known = await mirroredVersions(client, model)
    for (const version of versions) {
      if (!known.has(version.version)) known.set(version.version, await mirror(version))
    }
    const newest = versions.at(-1)!
    if (!isHighest(known, newest.version)) {
      await dropVersion(client, model, known.get(newest.version)!)
      known.set(newest.version, await mirror(newest))
    }
    await repairAliases(client, model, known, await wantedAliases(model))
  }

  async function mirror(version: ModelVersion): Promise<number> {
    const folder = await registry.folder(version.name, version.version)
    return createVersion(client, version, await uploadModel(client, version, folder))
  }

  async function wantedAliases(model: string): Promise<Map<string, number>> {
    const wanted = new Map<string, number>()
    for (const { environment, best } of await registry.champions.list(model)) {
      if (best === null) continue
      wanted.set(`best-${environment.replace(/[^A-Za-z0-9_-]/g, '-')}`, best)
      if (environment === 'dev') wanted.set('best', best)
    }
    return wanted
  }
}

function isHighest(known: Map<number, number>, version: number): boolean {
  return known.get(version) === Math.max(...known.values())
}

/** Where MLflow has the files: uploaded to the run of an interrupted earlier call, or to a new one. */
async function uploadModel(
  client: MlflowClient,
  version: ModelVersion,
  folder: string,
): Promise<{ source: string; runId: string }> {
  const experiment = await experimentId(client, EXPERIMENT)
  const tag = { key: 'millwright.model', value: `${version.name}:${version.version}` }
  const [earlier] = await runsWithTag(client, experiment, tag)
  const { info } = earlier ?? (await createRun(client, experiment, tag))
  const proxied = /^mlflow-artifacts:\/+(.*)$/.exec(info.artifact_uri)?.[1]
  // A server that stores artifacts elsewhere takes no files from us: the source only names the version then.
  if (proxied === undefined)
    return { source: `millwright:/${version.name}/${version.version}`, runId: info.run_id }
  if (info.status !== 'FINISHED') await uploadFiles(client, folder, `${proxied}/model`)
  const end = { run_id: info.run_id, status: 'FINISHED', end_time: Date.now() }
  await client.send('POST', 'runs/update', end)
  return { source: `${info.artifact_uri}/model`, runId: info.run_id }
}

async function uploadFiles(client: MlflowClient, folder: string, target: string): Promise<void> {
  for (const file of await listFiles(folder)) {
    await client.upload(`${target}/${file.path}`, () => openAsBlob(file.source))
  }
}

async function createRun(
  client: MlflowClient,
  experiment: string,
  tag: { key: string; value: string },
): Promise<MlflowRun> {
  const body = { experiment_id: experiment, run_name: tag.value, start_time: Date.now(), tags: [tag] }
  return (await client.send<{ run: MlflowRun }>('POST', 'runs/create', body)).run
}
