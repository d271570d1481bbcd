import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelType } from '#model-types/model-type.ts'
import type { InferenceImage } from '#packaging/image.ts'
import { type ServedModel, servedModel } from './served-model.ts'
import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/** Writes an OCI image layout; identical requests give an identical digest. */
export type AssembleImage = (request: ImageRequest) => Promise<InferenceImage>

export interface ImageRequest {
  /** Folder to write the layout into. */
  layout: string
  /** The runtime that serves the model, as chosen in `serve.runtime`. */
  runtime: 'python-oip'
  /** Absolute folder with the model type's `predict.py`. */
  code: string
  /** Absolute folder of the model version. */
  model: string
  /** Absolute path of golden.jsonl, or null. */
  golden: string | null
  service: {
    name: string
    version: number
    digest: string
    commit: string
    signature: ModelType['serve']['signature']
  }
  created: Date
}

/** `build-inference-image`: puts the winning model version and the model type's service into an OCI image layout. */
export async function buildInferenceImage(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const model = await servedModel(input, ports)
  const layout = join(input.out, 'image')
  await rm(layout, { recursive: true, force: true })
  const image = await ports.assembleImage({
    layout,
    runtime: modelType.serve.runtime,
    code: join(input.source, modelType.serve.code),
    model: await ports.models.folder(model.name, model.version),
    golden: model.golden,
    service: { ...serviceIdentity(model), commit: input.run.commit, signature: modelType.serve.signature },
    created: new Date(input.run.committedAt),
  })
  return {
    summary: `${modelType.name} version ${model.version} in ${image.digest.slice(0, 19)}, ${megabytes(image.size)} MB`,
    detail: { ...image, modelVersion: model.version },
  }
}

function serviceIdentity({ name, version, digest }: ServedModel) {
  return { name, version, digest }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)
}
