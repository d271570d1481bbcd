import { isDeepStrictEqual } from 'node:util'
import { StageFailure } from '#errors.ts'
import type { Signature, TensorSignature } from '#packaging/inference.ts'
import type { RunningImage } from '#ports/image-engine.ts'
import type { Answer, ServedIdentity, Service } from './service.ts'

/** S1: the process runs and its HTTP server answers. */
export async function checkStarts(service: Service, seconds: number): Promise<string> {
  await service.waitFor('/v2/health/live', seconds)
  return 'the service is alive'
}

/** S3: the service calls itself ready, having loaded the model. */
export async function checkReady(service: Service, seconds: number): Promise<string> {
  await service.waitFor('/v2/health/ready', seconds)
  return 'the service is ready'
}

/** S4: it serves the very model version that was chosen, with the signature that is promised. */
export async function checkIdentity(
  service: Service,
  model: ServedIdentity,
  signature: Signature,
): Promise<string> {
  const answer = await service.call(`/v2/models/${encodeURIComponent(model.name)}`)
  if (answer.status !== 200)
    throw new StageFailure(`the service has no model ${model.name}: ${shown(answer)}`)
  const metadata = (answer.document ?? {}) as Partial<Metadata>
  expectEqual('model name', metadata.name, model.name)
  expectEqual('model versions', metadata.versions, [String(model.version)])
  expectEqual('model digest', metadata.digest, model.digest)
  expectEqual('inputs', tensors(metadata.inputs), tensors(signature.inputs))
  expectEqual('outputs', tensors(metadata.outputs), tensors(signature.outputs))
  return `it serves ${model.name} version ${model.version}`
}

/** S8: SIGTERM ends it in time, by its own decision or by the signal; a connection is open meanwhile. */
export async function checkStops(image: RunningImage, seconds: number): Promise<string> {
  const began = performance.now()
  const code = await image.stop(seconds)
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
  if (code === 0 || code === 143) return `SIGTERM ended it with exit code ${code} after ${took}`
  if (code === 137) throw new StageFailure(`SIGTERM did not end it within ${seconds} s; it had to be killed`)
  throw new StageFailure(`SIGTERM ended it with exit code ${code} after ${took}, not with 0 or 143`)
}

/** An answer in a message. */
export function shown({ status, text }: Answer): string {
  return `${status} ${text.slice(0, 200)}`
}

interface Metadata {
  name: string
  versions: string[]
  digest: string
  inputs: TensorSignature[]
  outputs: TensorSignature[]
}

function tensors(list: readonly TensorSignature[] = []): TensorSignature[] {
  return list.map(({ name, datatype, shape }) => ({ name, datatype, shape }))
}

function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return
  throw new StageFailure(`the ${what} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`)
}
