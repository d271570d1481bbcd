import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Platform } from '#packaging/documents.ts'
import { parseGolden } from '#packaging/golden.ts'
import type { InferenceImage } from '#packaging/image.ts'
import type { InferRequest } from '#packaging/inference.ts'
import { imageLabels } from '#packaging/labels.ts'
import { IMAGE_PATHS, type ServiceDescription, serviceDocument } from '#packaging/runtime.ts'
import { assembleImage } from './image-assembler.ts'

export interface InferenceImageRequest {
  /** Folder to write the OCI layout into. */
  layout: string
  runtime: 'python-oip'
  /** Folder with the model type's `predict.py`. */
  code: string
  /** Folder of the model version. */
  model: string
  /** golden.jsonl, whose first request becomes the service's self-inference; or null. */
  golden: string | null
  service: Omit<ServiceDescription, 'warmup'>
  /** The commit's time. */
  created: Date
}

/**
 * Puts a model version, the model type's code and the runtime of `runtimes` (the folder `runtimes/` of this package)
 * into an image. `platform` is where it will run; without native code it only has to fit the base image.
 */
export function imageAssembler(options: { runtimes: string; platform?: Platform; source?: string }) {
  const platform = options.platform ?? { os: 'linux', architecture: 'amd64' }
  return async (request: InferenceImageRequest): Promise<InferenceImage> => {
    const { layout, runtime, code, model, service, created } = request
    const warmup = await firstRequest(request.golden)
    return assembleImage({
      layout,
      application: {
        [IMAGE_PATHS.server]: join(options.runtimes, runtime, 'oip_server.py'),
        [IMAGE_PATHS.serve]: code,
      },
      documents: { [IMAGE_PATHS.service]: serviceDocument({ ...service, warmup }) },
      model,
      created,
      labels: imageLabels({ model: service, commit: service.commit, created, source: options.source }),
      platform,
    })
  }
}

async function firstRequest(golden: string | null): Promise<InferRequest | null> {
  return golden ? parseGolden(await readFile(golden, 'utf8'), golden)[0]!.request : null
}
