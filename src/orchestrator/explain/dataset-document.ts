import { type DatasetLineage, datasetLineage } from '#database/dataset-lineage.ts'
import type { DatasetReference, DatasetVersion } from '#datasets/dataset.ts'
import type { Orchestration } from '../orchestration.ts'

/** A dataset version, what was made from it and what made it (design §8). */
export type DatasetDocument = DatasetVersion & DatasetLineage

/** Throws NotFoundError. */
export async function datasetDocument(
  { db, ports }: Pick<Orchestration, 'db' | 'ports'>,
  reference: DatasetReference,
): Promise<DatasetDocument> {
  const dataset = await ports.datasets.find(reference)
  return { ...dataset, ...(await datasetLineage(db, dataset.name, dataset.version)) }
}
