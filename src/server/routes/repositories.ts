import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { addRepository, listRepositories } from '#orchestrator/repositories.ts'
import type { ServerContext } from '../context.ts'
import { answers, body } from '../documents/answers.ts'
import { RepositorySchema } from '../documents/repository.ts'

const add = createRoute({
  method: 'post',
  path: '/api/repositories',
  summary: 'Makes a repository of the server from a path or URL',
  request: { body: body(z.strictObject({ source: z.string().min(1), name: z.string().optional() })) },
  responses: answers(
    RepositorySchema,
    'The repository; what its environment branches hold counts as merged now',
  ),
})

const list = createRoute({
  method: 'get',
  path: '/api/repositories',
  responses: answers(z.array(RepositorySchema), 'The repositories'),
})

export function repositoryRoutes(app: OpenAPIHono, { o, engine }: ServerContext): void {
  app.openapi(add, async c => c.json(await addRepository(o, engine, c.req.valid('json')), 200))
  app.openapi(list, async c => c.json(await listRepositories(o), 200))
}
