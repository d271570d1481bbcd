import { StageFailure } from '#errors.ts'
import { type GoldenRequest, type InferRequest, type Signature, zeroRequest } from '#packaging/inference.ts'
import { inferPath } from './golden.ts'
import type { Answer, Service } from './service.ts'
import { shown } from './service-checks.ts'

/** S6: wrong requests get a 4xx, and the service still answers a good one as before. */
export async function checkBadInput(
  service: Service,
  model: string,
  signature: Signature,
  golden: readonly GoldenRequest[] | null,
): Promise<string> {
  const good = golden?.[0]?.request ?? zeroRequest(signature)
  const before = await service.call(inferPath(model), good)
  if (golden?.[0] || before.status >= 500) expectAnswered('a good request', before)
  const wrong = wrongRequests(model, good)
  for (const { what, path, body } of wrong) {
    const answer = await service.call(path, body)
    if (answer.status < 400 || answer.status >= 500)
      throw new StageFailure(`${what} got ${shown(answer)}, not a 4xx`)
  }
  const after = await service.call(inferPath(model), good)
  if (before.status === 200) expectAnswered('a good request after bad ones', after)
  return `${wrong.length} wrong requests were refused`
}

function expectAnswered(what: string, answer: Answer): void {
  if (answer.status !== 200) throw new StageFailure(`${what} got ${shown(answer)}`)
}

interface WrongRequest {
  what: string
  path: string
  body: unknown
}

function wrongRequests(model: string, good: InferRequest): WrongRequest[] {
  const path = inferPath(model)
  return [
    { what: 'malformed JSON', path, body: '{"inputs": [' },
    { what: 'a body that is no object', path, body: '[]' },
    { what: 'an unknown model', path: inferPath(`${model}-unknown`), body: good },
    ...wrongTensors(good).map(wrong => ({ ...wrong, path })),
  ]
}

function wrongTensors({ inputs }: InferRequest): { what: string; body: InferRequest }[] {
  const [first, ...others] = inputs
  if (!first) return []
  const text = first.datatype === 'BYTES'
  const otherType = { datatype: text ? 'FP64' : 'BYTES', data: first.data.map(() => (text ? 0 : 'x')) }
  return [
    { what: 'a wrong shape', body: { inputs: [{ ...first, shape: [...first.shape, 1] }, ...others] } },
    { what: 'too few values', body: { inputs: [{ ...first, data: first.data.slice(1) }, ...others] } },
    { what: 'a wrong datatype', body: { inputs: [{ ...first, ...otherType }, ...others] } },
    {
      what: 'values of a wrong type',
      body: { inputs: [{ ...first, data: first.data.map(() => null as never) }, ...others] },
    },
    { what: 'a missing input', body: { inputs: others } },
    { what: 'an unknown input', body: { inputs: [...inputs, { ...first, name: `${first.name}-unknown` }] } },
  ]
}
