import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext } from '../context.ts'
import { answers, body } from '../documents/answers.ts'
import { ComponentVersionSchema } from '../documents/ml-component.ts'
import { refuseRelative } from './datasets.ts'

const register = createRoute({
  method: 'post',
  path: '/api/ml/components',
  summary:
    'Registers a component file on the server, with everything that it refers to, as an immutable version',
  request: {
    body: body(
      z.strictObject({ file: z.string(), name: z.string().optional(), version: z.string().optional() }),
    ),
  },
  responses: answers(ComponentVersionSchema, 'The version; the same content is the same version'),
})

const list = createRoute({
  method: 'get',
  path: '/api/ml/components',
  summary: 'Registered components, of each the newest version first',
  request: { query: z.object({ name: z.string().optional() }) },
  responses: answers(z.array(ComponentVersionSchema), 'All versions of all components, or of one'),
})

const show = createRoute({
  method: 'get',
  path: '/api/ml/components/{component}',
  request: {
    params: z.object({ component: z.string().openapi({ description: 'name, name:version or name@latest' }) }),
  },
  responses: answers(ComponentVersionSchema, 'The version, by default the latest'),
})

export function mlComponentRoutes(app: OpenAPIHono, { ml: { components } }: ServerContext): void {
  app.openapi(register, async c => {
    const { file, name, version } = c.req.valid('json')
    refuseRelative(file, 'file')
    return c.json(await components.register(file, { name, version }), 200)
  })
  app.openapi(list, async c => c.json(await components.list(c.req.valid('query').name), 200))
  app.openapi(show, async c => c.json(await components.find(c.req.valid('param').component), 200))
}
