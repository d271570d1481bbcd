import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { listRuns, type RunFilter } from '#database/runs.ts'
import type { RunRow } from '#database/schema.ts'
import { cancelRun, knownRun } from '#orchestrator/cancel-run.ts'
import { retryRun } from '#orchestrator/retry-run.ts'
import { type RunDocument, runDocuments } from '#orchestrator/run-document.ts'
import { manual } from '#orchestrator/triggers/manual.ts'
import type { ServerContext } from '../context.ts'
import { answers, body } from '../documents/answers.ts'
import { PipelineName, RunSchema, RunStatus } from '../documents/run.ts'

const id = z.object({ id: z.string().openapi({ description: 'run id or build id' }) })

const start = createRoute({
  method: 'post',
  path: '/api/runs',
  summary: 'Starts a run by hand',
  request: {
    headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
    body: body(
      z.strictObject({
        pipeline: PipelineName,
        modelType: z.string(),
        dataset: z.string().optional(),
        reason: z.string().max(2000).optional(),
        commit: z
          .string()
          .regex(/^[0-9a-f]{40}$/, 'must be a full commit id')
          .optional(),
        branch: z.string().optional(),
        repository: z.string().optional(),
      }),
    ),
  },
  responses: answers(RunSchema, 'The run, or the one that the same idempotency key has started'),
})

const list = createRoute({
  method: 'get',
  path: '/api/runs',
  summary: 'Runs, newest first',
  request: {
    query: z.object({
      modelType: z.string().optional(),
      pipeline: PipelineName.optional(),
      status: RunStatus.optional(),
      commit: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
  },
  responses: answers(z.array(RunSchema), 'The runs'),
})

const show = createRoute({
  method: 'get',
  path: '/api/runs/{id}',
  request: { params: id },
  responses: answers(RunSchema, 'The run'),
})

const cancel = createRoute({
  method: 'post',
  path: '/api/runs/{id}/cancel',
  summary: 'Cancels a run; answers when its work is gone',
  request: { params: id },
  responses: answers(RunSchema, 'The cancelled run'),
})

const retry = createRoute({
  method: 'post',
  path: '/api/runs/{id}/retry',
  summary: 'Starts a new run with the input of one that failed or was cancelled',
  request: { params: id },
  responses: answers(RunSchema, 'The new run'),
})

export function runRoutes(app: OpenAPIHono, { o, engine }: ServerContext): void {
  app.openapi(start, async c => {
    const idempotencyKey = c.req.valid('header')['idempotency-key']
    const run = await manual(o, engine, { ...c.req.valid('json'), idempotencyKey })
    return c.json(await document(run), 200)
  })
  app.openapi(list, async c => {
    const runs = await listRuns(o.db, withoutUndefined(c.req.valid('query')))
    return c.json(await runDocuments(o.db, runs), 200)
  })
  app.openapi(show, async c => c.json(await document(await knownRun(o, c.req.valid('param').id)), 200))
  app.openapi(cancel, async c => {
    const { id } = await knownRun(o, c.req.valid('param').id)
    return c.json(await document(await cancelRun(o, engine, id)), 200)
  })
  app.openapi(retry, async c => {
    return c.json(await document(await retryRun(o, engine, c.req.valid('param').id)), 200)
  })

  async function document(run: RunRow): Promise<RunDocument> {
    return (await runDocuments(o.db, [run]))[0]!
  }
}

function withoutUndefined(query: { [K in keyof RunFilter]: RunFilter[K] | undefined }): RunFilter {
  return Object.fromEntries(
    Object.entries(query).filter(([, value]) => value !== undefined),
  ) as unknown as RunFilter
}
