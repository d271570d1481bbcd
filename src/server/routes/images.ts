import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { imageDocument, imageDocuments } from '#orchestrator/explain/image-document.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { ImageSchema } from '../documents/image.ts'

const list = createRoute({
  method: 'get',
  path: '/api/images',
  request: {
    query: z.object({
      modelType: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
  },
  responses: answers(z.array(ImageSchema), 'The images, newest first'),
})

const show = createRoute({
  method: 'get',
  path: '/api/images/{image}',
  request: {
    params: z.object({
      image: z.string().openapi({ description: 'digest, at least 12 digits of it, or repository:tag' }),
    }),
  },
  responses: answers(ImageSchema, 'The image and how it was validated'),
})

export function imageRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(list, async c => c.json(await imageDocuments(o.db, c.req.valid('query')), 200))
  app.openapi(show, async c => c.json(await imageDocument(o.db, c.req.valid('param').image), 200))
}
