import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { stagesOf } from '#database/runs.ts'
import { NotFoundError } from '#errors.ts'
import { knownRun } from '#orchestrator/cancel-run.ts'
import { type Orchestration, runFolders } from '#orchestrator/orchestration.ts'
import type { ServerContext } from '../context.ts'
import { ERRORS } from '../documents/answers.ts'

/** Typed as any content type: the answer is a stream of bytes, not one string. */
const TEXT: string = 'text/plain; charset=utf-8'

const log = createRoute({
  method: 'get',
  path: '/api/runs/{id}/stages/{stage}/log',
  summary: "A stage's log from a byte offset on; empty when there is nothing yet",
  request: {
    params: z.object({ id: z.string(), stage: z.string() }),
    query: z.object({ offset: z.coerce.number().int().min(0).default(0) }),
  },
  responses: {
    ...ERRORS,
    200: { description: 'The bytes', content: { [TEXT]: { schema: z.string() } } },
  },
})

export function runLogRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(log, async c => {
    const { id, stage } = c.req.valid('param')
    const file = await logFile(o, id, stage)
    const { offset } = c.req.valid('query')
    const size = (await stat(file).catch(() => undefined))?.size ?? 0
    return new Response(size > offset ? bytes(file, offset, size) : '', { headers: HEADERS })
  })
}

const HEADERS = { 'content-type': TEXT, 'x-content-type-options': 'nosniff' }

/** Up to the size that the file has now: it may be growing. */
function bytes(file: string, offset: number, size: number): ReadableStream {
  return Readable.toWeb(createReadStream(file, { start: offset, end: size - 1 })) as ReadableStream
}

/** The stage must be one of the run's own: nothing that a client says becomes a path. */
async function logFile(o: Orchestration, id: string, name: string): Promise<string> {
  const run = await knownRun(o, id)
  const stages = await stagesOf(o.db, [run.id])
  const stage = stages.find(stage => stage.name === name)
  if (stage) return runFolders(o, run.id).log(stage.name)
  throw new NotFoundError('no-such-stage', `run ${run.id} has no stage '${name}'`, {
    hint: `its stages are ${stages.map(stage => stage.name).join(', ')}`,
  })
}
