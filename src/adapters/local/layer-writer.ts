import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Compression, compressing, layerMediaType } from '#packaging/compression.ts'
import { meter } from '#packaging/digest.ts'
import { LAYER_ANNOTATION, type Layer } from '#packaging/documents.ts'
import { type LayerFile, layerTar } from '#packaging/layer.ts'
import { blobPath } from '#packaging/layout.ts'

export interface LayerPlan {
  name: 'application' | 'model' | 'service'
  files: LayerFile[]
  time: Date
  compression: Compression
}

/** Writes a layer's blob into the layout. One pass: the tar's own digest is taken before compression, the blob's after it. */
export async function writeLayer(layout: string, plan: LayerPlan): Promise<Layer> {
  const tar = meter()
  const blob = meter()
  const file = join(layout, `${plan.name}.blob`)
  const compressors = compressing(plan.compression)
  const through = compressors.length > 0 ? [tar.stream, ...compressors] : []
  await pipeline([layerTar(plan.files, plan.time), ...through, blob.stream, createWriteStream(file)])
  const { digest, size } = blob.result()
  await rename(file, join(layout, blobPath(digest)))
  const annotations = { [LAYER_ANNOTATION]: plan.name }
  const diffId = compressors.length > 0 ? tar.result().digest : digest
  return { mediaType: layerMediaType(plan.compression), digest, size, annotations, diffId }
}
