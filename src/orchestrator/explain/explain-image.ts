import { findRun } from '#database/runs.ts'
import type { Orchestration } from '../orchestration.ts'
import { type ImageDocument, imageDocument } from './image-document.ts'
import { type Lineage, lineageOf, originOf } from './lineage.ts'

/** An image and everything that it was made of. `cdRun` is the run that pushed it. */
export interface ImageExplanation extends Lineage {
  image: ImageDocument
}

/** Image → model version → ML job → dataset versions → CI artifact → commit. Throws NotFoundError. */
export async function explainImage(o: Orchestration, reference: string): Promise<ImageExplanation> {
  const image = await imageDocument(o.db, reference)
  const lineage = await lineageOf(o, image.modelType, image.modelVersion)
  const pushed = await originOf(o, await findRun(o.db, image.run))
  return { image, ...lineage, ...pushed }
}
