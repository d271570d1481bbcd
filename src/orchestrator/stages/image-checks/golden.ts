import { StageFailure } from '#errors.ts'
import type { GoldenRequest, InferTensor, TensorData } from '#packaging/inference.ts'
import type { Finding } from './levels.ts'
import type { Service } from './service.ts'
import { shown } from './service-checks.ts'

const TOLERANCE = { relative: 1e-6, absolute: 1e-9 }

/** S5: the service answers what the ML pipeline's scoring step recorded: floats within tolerance, all else equal. */
export async function checkGolden(
  service: Service,
  model: string,
  golden: readonly GoldenRequest[] | null,
): Promise<Finding> {
  if (!golden || golden.length === 0) {
    return { notRun: "no golden requests were recorded; equality with the ML pipeline's scores isn't shown" }
  }
  for (const [index, expected] of golden.entries()) {
    const answer = await service.call(inferPath(model), expected.request)
    if (answer.status !== 200) throw new StageFailure(`golden request ${index + 1} got ${shown(answer)}`)
    const difference = firstDifference(outputsOf(answer.document), expected)
    if (difference) throw new StageFailure(`golden request ${index + 1}: ${difference}`)
  }
  return `${golden.length} answers equal the ML pipeline's`
}

export function inferPath(model: string): string {
  return `/v2/models/${encodeURIComponent(model)}/infer`
}

/** The first output that isn't as recorded, in a sentence; undefined when all are. */
export function firstDifference(found: readonly InferTensor[], golden: GoldenRequest): string | undefined {
  const tolerance = { ...TOLERANCE, ...golden.tolerance }
  for (const expected of golden.response.outputs) {
    const output = found.find(tensor => tensor.name === expected.name)
    if (!output) return `the output '${expected.name}' is missing`
    const difference = tensorDifference(output, expected, tolerance)
    if (difference) return `the output '${expected.name}' ${difference}`
  }
  return undefined
}

function outputsOf(document: unknown): InferTensor[] {
  const outputs = (document as { outputs?: unknown } | undefined)?.outputs
  return Array.isArray(outputs) ? outputs : []
}

function tensorDifference(
  found: InferTensor,
  expected: InferTensor,
  tolerance: typeof TOLERANCE,
): string | undefined {
  if (found.datatype !== expected.datatype) return `is ${found.datatype}, not ${expected.datatype}`
  if (String(found.shape) !== String(expected.shape))
    return `has the shape [${found.shape}], not [${expected.shape}]`
  if (!Array.isArray(found.data) || found.data.length !== expected.data.length)
    return 'has another number of values'
  const close = found.datatype.startsWith('FP') ? nearby(tolerance) : Object.is
  const index = found.data.findIndex((value, place) => !close(value, expected.data[place]))
  if (index === -1) return undefined
  return `has ${JSON.stringify(found.data[index])} at ${index}, but the ML pipeline scored ${JSON.stringify(expected.data[index])}`
}

function nearby({ relative, absolute }: typeof TOLERANCE) {
  return (found: TensorData[number], expected: TensorData[number] | undefined) => {
    if (typeof found !== 'number' || typeof expected !== 'number') return false
    return Math.abs(found - expected) <= absolute + relative * Math.abs(expected)
  }
}
