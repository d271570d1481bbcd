import { UserError } from '#errors.ts'
import type { PromotionRecord } from '#ports/model-registry.ts'
import type { Orchestration } from '../orchestration.ts'
import { type ImageDocument, imageDocuments } from './image-document.ts'
import { type Lineage, lineageOf } from './lineage.ts'
import { type EnvironmentDocument, modelDocument } from './model-document.ts'

/** Where a model version comes from, where it is best, and what it went into. */
export interface ModelExplanation extends Lineage {
  /** Where it is best now. */
  bestIn: EnvironmentDocument[]
  /** The moves of `best` to it and away from it. */
  promotions: Omit<PromotionRecord, 'evidence'>[]
  images: ImageDocument[]
}

/** Explains `name:version`; a name alone means its newest version. Throws NotFoundError. */
export async function explainModel(o: Orchestration, id: string): Promise<ModelExplanation> {
  const { name, version } = await chosen(o, id)
  const lineage = await lineageOf(o, name, version)
  const champions = (await o.ports.models.champions.list(name)).map(({ model: _, ...champion }) => champion)
  const moves = await Promise.all(
    champions.map(({ environment }) => o.ports.models.champions.history(name, environment)),
  )
  return {
    ...lineage,
    bestIn: champions.filter(champion => champion.best === version),
    promotions: moves
      .flat()
      .filter(move => move.version === version || move.from === version)
      .map(({ evidence: _, ...move }) => move),
    images: await imageDocuments(o.db, { modelType: name, modelVersion: version, limit: 100 }),
  }
}

async function chosen(o: Orchestration, id: string): Promise<{ name: string; version: number }> {
  const [, name, version] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127})(?::([1-9][0-9]{0,8}))?$/.exec(id) ?? []
  if (name === undefined) {
    throw new UserError('invalid-model-reference', `'${id}' is not a model version`, {
      hint: 'write name:version',
    })
  }
  return { name, version: version === undefined ? (await modelDocument(o, name)).version : Number(version) }
}
