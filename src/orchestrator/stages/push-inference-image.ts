import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import type { InferenceImage, ValidationReport } from '#packaging/image.ts'
import { readLeft, type StageInput, type StageOutput, type StagePorts } from './stage.ts'

/** What `push-inference-image` leaves: where the image is and under which names. */
export interface PushedImage extends Record<string, unknown> {
  repository: string
  digest: string
  tags: string[]
}

/**
 * `push-inference-image`: pushes the validated layout by digest and tags it `<commit>-<buildId>`, which never moves,
 * then `<commit>` and the environment's name.
 */
export async function pushInferenceImage(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { settings } = await ports.readModelType(input.source, input.modelType)
  const image = await readLeft<InferenceImage>(input, 'build-inference-image')
  await refuseUnvalidated(input)
  const registry = ports.registryFor(settings.registry)
  const repository = input.modelType.toLowerCase()
  const digest = await registry.push(join(input.out, 'image'), repository)
  if (digest !== image.digest)
    throw new StageFailure(`the pushed image is ${digest}, not the validated ${image.digest}`)

  const { commit, buildId, environment } = input.run
  const tags = [`${commit}-${buildId}`, commit, environment]
  await registry.tag(repository, digest, tags[0]!, { immutable: true })
  for (const tag of tags.slice(1)) await registry.tag(repository, digest, tag)
  const pushed: PushedImage = { repository, digest, tags }
  return { summary: `${repository}@${digest.slice(0, 19)}, tagged ${environment}`, detail: pushed }
}

async function refuseUnvalidated(input: StageInput): Promise<void> {
  const { levels } = await readLeft<ValidationReport>(input, 'validate-inference-image')
  if (levels.length === 0 || levels.some(level => level.status === 'failed')) {
    throw new StageFailure('the image was not validated', {
      hint: "run the stage 'validate-inference-image' first",
    })
  }
}
