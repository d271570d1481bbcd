import type { PushedImage } from './push-inference-image.ts'
import { readLeft, type StageInput, type StageOutput, type StagePorts } from './stage.ts'

/** `tag-model`: writes the image's digest and name onto the model version, so that each leads to the other. */
export async function tagModel(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelVersion: version } = await readLeft<{ modelVersion: number }>(input, 'build-inference-image')
  const { repository, digest, tags } = await readLeft<PushedImage>(input, 'push-inference-image')
  const container = `${repository}:${tags[0]}`
  await ports.models.annotate(input.modelType, version, { tags: { image: digest, container } })
  return { summary: `version ${version} is in ${container}`, detail: { version, image: digest, container } }
}
