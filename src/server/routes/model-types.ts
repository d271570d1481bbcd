import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { modelTypeDocument, modelTypeDocuments } from '#orchestrator/explain/model-type-document.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { ModelTypeSchema } from '../documents/model-type.ts'

const branch = z.object({ branch: z.string().optional().openapi({ description: 'default: main' }) })

const list = createRoute({
  method: 'get',
  path: '/api/model-types',
  request: { query: branch },
  responses: answers(z.array(ModelTypeSchema), 'The model types of all repositories on the branch'),
})

const show = createRoute({
  method: 'get',
  path: '/api/model-types/{name}',
  request: { params: z.object({ name: z.string() }), query: branch },
  responses: answers(ModelTypeSchema, 'The model type'),
})

export function modelTypeRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(list, async c => c.json(await modelTypeDocuments(o, c.req.valid('query').branch), 200))
  app.openapi(show, async c => {
    const { name } = c.req.valid('param')
    return c.json(await modelTypeDocument(o, name, c.req.valid('query').branch), 200)
  })
}
