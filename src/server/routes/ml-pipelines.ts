import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext } from '../context.ts'
import { answers, body } from '../documents/answers.ts'
import { PipelineVersionSchema } from '../documents/ml-pipeline.ts'
import { refuseRelative } from './datasets.ts'

const publish = createRoute({
  method: 'post',
  path: '/api/ml/pipelines',
  summary:
    'Publishes a pipeline file on the server, with everything that it refers to, as an immutable version',
  request: {
    body: body(
      z.strictObject({
        file: z.string(),
        name: z.string().optional(),
        inputs: z.record(z.string(), z.string()).default({}),
      }),
    ),
  },
  responses: answers(PipelineVersionSchema, 'The version; the same content is the same version'),
})

const list = createRoute({
  method: 'get',
  path: '/api/ml/pipelines',
  summary: 'Published pipelines, newest first',
  request: { query: z.object({ name: z.string().optional() }) },
  responses: answers(z.array(PipelineVersionSchema), 'All versions of all pipelines, or of one'),
})

const show = createRoute({
  method: 'get',
  path: '/api/ml/pipelines/{pipeline}',
  request: {
    params: z.object({ pipeline: z.string().openapi({ description: 'name, name:version or name@latest' }) }),
  },
  responses: answers(PipelineVersionSchema, 'The version, by default the latest'),
})

export function mlPipelineRoutes(app: OpenAPIHono, { ml: { catalog } }: ServerContext): void {
  app.openapi(publish, async c => {
    const request = c.req.valid('json')
    refuseRelative(request.file, 'file')
    return c.json((await catalog.publish(request)).pipeline, 200)
  })
  app.openapi(list, async c => c.json(await catalog.list(c.req.valid('query').name), 200))
  app.openapi(show, async c => c.json(await catalog.find(c.req.valid('param').pipeline), 200))
}
