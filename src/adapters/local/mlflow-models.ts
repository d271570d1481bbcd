import type { ModelVersion } from '#models/version.ts'
import type { MlflowClient } from './mlflow-client.ts'
import { hasCode } from './mlflow-runs.ts'

/** Tag of a mirrored version that holds our number. MLflow numbers its versions itself. */
const VERSION_TAG = 'millwright.version'

interface Mirrored {
  /** MLflow's number. */
  version: string
  tags?: { key: string; value: string }[]
}

export async function ensureModel(client: MlflowClient, name: string): Promise<void> {
  await client.send('POST', 'registered-models/create', { name }).catch(error => {
    if (!hasCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error
  })
}

/** Our number → MLflow's. */
export async function mirroredVersions(client: MlflowClient, model: string): Promise<Map<number, number>> {
  const known = new Map<number, number>()
  const query = { filter: `name='${model}'`, max_results: '1000' }
  for (let page_token = ''; ; ) {
    const page = await client.get<{ model_versions?: Mirrored[]; next_page_token?: string }>(
      'model-versions/search',
      { ...query, page_token },
    )
    for (const { version, tags } of page.model_versions ?? []) {
      const ours = Number(tags?.find(tag => tag.key === VERSION_TAG)?.value)
      if (ours) known.set(ours, Math.max(known.get(ours) ?? 0, Number(version)))
    }
    if (!page.next_page_token) return known
    page_token = page.next_page_token
  }
}

/** Registers where the files are; returns MLflow's number. */
export async function createVersion(
  client: MlflowClient,
  version: ModelVersion,
  place: { source: string; runId: string },
): Promise<number> {
  const own = { 'millwright.digest': version.digest, [VERSION_TAG]: String(version.version) }
  const tags = Object.entries({ ...version.properties, ...own }).map(([key, value]) => ({ key, value }))
  const body = { name: version.name, source: place.source, run_id: place.runId, tags }
  const answer = await client.send<{ model_version: Mirrored }>('POST', 'model-versions/create', body)
  return Number(answer.model_version.version)
}

export async function dropVersion(client: MlflowClient, name: string, version: number): Promise<void> {
  const body = { name, version: String(version) }
  await client.send('DELETE', 'model-versions/delete', body).catch(error => {
    if (!hasCode(error, 'RESOURCE_DOES_NOT_EXIST')) throw error
  })
}

/** Points the aliases at the wanted versions (our numbers) and removes other aliases of ours. */
export async function repairAliases(
  client: MlflowClient,
  name: string,
  known: Map<number, number>,
  wanted: Map<string, number>,
): Promise<void> {
  type Aliases = { registered_model: { aliases?: { alias: string; version: string }[] } }
  const { registered_model } = await client.get<Aliases>('registered-models/get', { name })
  const found = new Map(
    (registered_model.aliases ?? []).map(({ alias, version }) => [alias, Number(version)]),
  )
  for (const [alias, ours] of wanted) {
    const version = known.get(ours)
    if (version === undefined || found.get(alias) === version) continue
    await client.send('POST', 'registered-models/alias', { name, alias, version: String(version) })
  }
  for (const alias of found.keys()) {
    if (!/^best(-|$)/.test(alias) || wanted.has(alias)) continue
    await client.send('DELETE', 'registered-models/alias', { name, alias })
  }
}
