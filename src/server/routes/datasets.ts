import { isAbsolute } from 'node:path'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { UserError } from '#errors.ts'
import { datasetDocument } from '#orchestrator/explain/dataset-document.ts'
import type { ServerContext } from '../context.ts'
import { answers, body } from '../documents/answers.ts'
import { DatasetSchema, DatasetVersionSchema } from '../documents/dataset.ts'

const register = createRoute({
  method: 'post',
  path: '/api/datasets',
  summary: 'Takes a snapshot of a file or folder on the server as a new version',
  request: { body: body(z.strictObject({ name: z.string(), path: z.string() })) },
  responses: answers(DatasetVersionSchema, 'The version; the same content is the same version'),
})

const list = createRoute({
  method: 'get',
  path: '/api/datasets',
  responses: answers(z.array(DatasetVersionSchema), 'All versions of all datasets'),
})

const show = createRoute({
  method: 'get',
  path: '/api/datasets/{name}',
  request: {
    params: z.object({ name: z.string() }),
    query: z.object({ version: z.coerce.number().int().positive().optional() }),
  },
  responses: answers(
    DatasetSchema,
    'The version, by default the latest; the jobs and models that used it, and the job that made it',
  ),
})

export function datasetRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  const { datasets } = o.ports
  app.openapi(register, async c => {
    const { name, path } = c.req.valid('json')
    refuseRelative(path, 'path')
    return c.json(await datasets.register(name, path), 200)
  })
  app.openapi(list, async c => c.json(await datasets.list(), 200))
  app.openapi(show, async c => {
    const { version = 'latest' } = c.req.valid('query')
    return c.json(await datasetDocument(o, { name: c.req.valid('param').name, version }), 200)
  })
}

/** Paths in requests are those of the server's machine; `key` is the entry that holds it. */
export function refuseRelative(path: string, key: string): void {
  if (isAbsolute(path)) return
  const options = { place: { key }, hint: 'give the full path on the machine of the server' }
  throw new UserError('relative-path', `'${path}' is not an absolute path`, options)
}
