import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  modelDocument,
  modelDocuments,
  modelVersions,
  promotionHistory,
} from '#orchestrator/explain/model-document.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { ModelSchema, ModelVersionSchema, PromotionSchema } from '../documents/model.ts'

const name = z.object({ name: z.string() })

const list = createRoute({
  method: 'get',
  path: '/api/models',
  responses: answers(z.array(ModelSchema), 'Every model, as its newest version'),
})

const show = createRoute({
  method: 'get',
  path: '/api/models/{name}',
  request: { params: name, query: z.object({ version: z.coerce.number().int().positive().optional() }) },
  responses: answers(ModelSchema, 'A version, by default the newest; all versions; which is best where'),
})

const versions = createRoute({
  method: 'get',
  path: '/api/models/{name}/versions',
  request: { params: name },
  responses: answers(z.array(ModelVersionSchema), 'The versions, oldest first'),
})

const history = createRoute({
  method: 'get',
  path: '/api/models/{name}/history',
  summary: 'How `best` has moved: who, why, on what evidence',
  request: { params: name, query: z.object({ environment: z.string().default('dev') }) },
  responses: answers(z.array(PromotionSchema), 'The moves, oldest first'),
})

export function modelRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(list, async c => c.json(await modelDocuments(o), 200))
  app.openapi(show, async c => {
    return c.json(await modelDocument(o, c.req.valid('param').name, c.req.valid('query').version), 200)
  })
  app.openapi(versions, async c => c.json(await modelVersions(o, c.req.valid('param').name), 200))
  app.openapi(history, async c => {
    const { environment } = c.req.valid('query')
    return c.json(await promotionHistory(o, c.req.valid('param').name, environment), 200)
  })
}
