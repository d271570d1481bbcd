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
    200: { description: 'The bytes', content: { 'text/plain': { schema: z.string() } } },
  },
})

export function runLogRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(log, async c => {
    const { id, stage } = c.req.valid('param')
    const file = await logFile(o, id, stage)
    const { offset } = c.req.valid('query')
    const size = (await stat(file).catch(() => undefined))?.size ?? 0
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
    if (size <= offset) return c.body('', 200, headers)
    const bytes = createReadStream(file, { start: offset, end: size - 1 })
    return c.body(Readable.toWeb(bytes) as ReadableStream, 200, headers)
  })
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
