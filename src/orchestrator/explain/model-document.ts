import { NotFoundError } from '#errors.ts'
import type { Champion, ModelVersion } from '#models/version.ts'
import type { PromotionRecord } from '#ports/model-registry.ts'
import type { Orchestration } from '../orchestration.ts'

/** Which version is best in an environment (design §8). */
export type EnvironmentDocument = Omit<Champion, 'model'>

/** A model: one of its versions, by default the newest, and which versions are best where. */
export interface ModelDocument extends ModelVersion {
  environments: EnvironmentDocument[]
  versions: ModelVersion[]
}

/** Every model with its newest version, by name. */
export async function modelDocuments(o: Orchestration): Promise<ModelDocument[]> {
  const [versions, champions] = [await o.ports.models.versions({}), await o.ports.models.champions.list()]
  const names = [...new Set(versions.map(version => version.name))].sort()
  return names.map(name => {
    const own = versions.filter(version => version.name === name)
    const best = champions.filter(champion => champion.model === name)
    return document(own.at(-1)!, own, best)
  })
}

/** Throws NotFoundError for a model or version that isn't there. */
export async function modelDocument(
  o: Orchestration,
  name: string,
  version?: number,
): Promise<ModelDocument> {
  const versions = await modelVersions(o, name)
  const chosen = version === undefined ? versions.at(-1) : versions.find(one => one.version === version)
  if (chosen) return document(chosen, versions, await o.ports.models.champions.list(name))
  throw new NotFoundError('no-such-version', `model ${name} has no version ${version}`, {
    hint: `it has 1 to ${versions.at(-1)!.version}`,
  })
}

/** All versions, oldest first. Throws NotFoundError for an unknown model. */
export async function modelVersions({ ports }: Orchestration, name: string): Promise<ModelVersion[]> {
  const versions = await ports.models.versions({ model: name })
  if (versions.length > 0) return versions
  throw new NotFoundError('no-such-model', `there is no model '${name}'`, {
    hint: 'see `millwright model list`',
  })
}

/** The moves of `best`, oldest first. */
export async function promotionHistory(
  o: Orchestration,
  name: string,
  environment: string,
): Promise<PromotionRecord[]> {
  await modelVersions(o, name)
  return o.ports.models.champions.history(name, environment)
}

function document(version: ModelVersion, versions: ModelVersion[], champions: Champion[]): ModelDocument {
  const environments = champions.map(({ model: _, ...champion }) => champion)
  return { ...version, environments, versions }
}
