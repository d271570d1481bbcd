import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { stepLog } from '#orchestrator/ml-jobs/step-log.ts'
import type { ServerContext } from '../context.ts'
import { ERRORS } from '../documents/answers.ts'
import { growingFile } from '../growing-file.ts'

/** Typed as any content type: the answer is a stream of bytes, not one string. */
const TEXT: string = 'text/plain; charset=utf-8'

const log = createRoute({
  method: 'get',
  path: '/api/ml/jobs/{job}/steps/{step}/log',
  summary:
    "A step's log from a byte offset on; with `follow` until the step has ended. Of a reused step: the original's",
  request: {
    params: z.object({ job: z.string(), step: z.string() }),
    query: z.object({
      offset: z.coerce.number().int().min(0).default(0),
      tail: z.coerce
        .number()
        .int()
        .positive()
        .optional()
        .openapi({ description: 'at most so many bytes, from the end' }),
      follow: z.enum(['true', 'false']).default('false'),
    }),
  },
  responses: {
    ...ERRORS,
    200: { description: 'The bytes', content: { [TEXT]: { schema: z.string() } } },
  },
})

const HEADERS = { 'content-type': TEXT, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }

export function stepLogRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(log, async c => {
    const { job, step } = c.req.valid('param')
    const { offset, tail, follow } = c.req.valid('query')
    const look = () => stepLog(o.db, job, step)
    const bytes = growingFile(await look(), look, { offset, tail, follow: follow === 'true' })
    return new Response(bytes, { headers: HEADERS })
  })
}
