import { z } from 'zod'
import { UserError } from '#errors.ts'
import type { GoldenRequest } from './inference.ts'

/**
 * Reads golden.jsonl: one {@link GoldenRequest} per line, empty lines ignored.
 * Throws UserError with file and line for anything else, and when there is no request at all.
 */
export function parseGolden(text: string, file: string): GoldenRequest[] {
  const lines = text.split('\n').map((content, index) => ({ content, place: { file, line: index + 1 } }))
  const requests = lines.filter(line => line.content.trim() !== '').map(parseLine)
  if (requests.length === 0) throw new UserError('golden-empty', 'no golden requests', { place: { file } })
  return requests
}

const tensor = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data: z.array(z.union([z.number(), z.string(), z.boolean()])),
})

const golden = z.object({
  request: z.object({ inputs: z.array(tensor).min(1) }),
  response: z.object({ outputs: z.array(tensor).min(1) }),
  tolerance: z
    .object({ relative: z.number().nonnegative().optional(), absolute: z.number().nonnegative().optional() })
    .optional(),
})

type Line = { content: string; place: { file: string; line: number } }

function parseLine({ content, place }: Line): GoldenRequest {
  const result = golden.safeParse(parseJson(content, place))
  if (result.success) return result.data as GoldenRequest
  const issue = result.error.issues[0]!
  throw new UserError('golden-invalid', issue.message, {
    place: { ...place, key: issue.path.join('.') },
    hint,
  })
}

const hint =
  'each line is {"request": {"inputs": […]}, "response": {"outputs": […]}} with {name, datatype, shape, data}'

function parseJson(content: string, place: Line['place']): unknown {
  try {
    return JSON.parse(content)
  } catch (cause) {
    throw new UserError('golden-invalid', 'not a JSON document', { place, hint, cause })
  }
}
