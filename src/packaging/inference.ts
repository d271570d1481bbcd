/** The Open Inference Protocol's words, as far as packaging and checking an image need them. */

/** A tensor's name, datatype and shape; -1 in `shape` is a size that the caller chooses (the batch). */
export interface TensorSignature {
  name: string
  datatype: string
  shape: number[]
}

export interface Signature {
  inputs: TensorSignature[]
  outputs: TensorSignature[]
}

/** `data` is flat and row-major. */
export interface InferTensor extends TensorSignature {
  data: TensorData
}

export type TensorData = (number | string | boolean)[]

export interface InferRequest {
  inputs: InferTensor[]
}

/** One line of golden.jsonl: a request and the answer that the ML pipeline's scoring step recorded for it. */
export interface GoldenRequest {
  request: InferRequest
  response: { outputs: InferTensor[] }
  /** For floating-point outputs; default relative 1e-6, absolute 1e-9. Everything else must be equal. */
  tolerance?: { relative?: number; absolute?: number }
}

/** A request of zeros, false and empty texts with a batch of one. */
export function zeroRequest(signature: Signature): InferRequest {
  return { inputs: signature.inputs.map(zeroTensor) }
}

function zeroTensor({ name, datatype, shape }: TensorSignature): InferTensor {
  const concrete = shape.map(size => (size === -1 ? 1 : size))
  const zero = datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0
  return { name, datatype, shape: concrete, data: Array(elements(concrete)).fill(zero) }
}

/** Number of elements of a concrete shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
