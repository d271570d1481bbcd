import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { explainImage } from '#orchestrator/explain/explain-image.ts'
import { explainModel } from '#orchestrator/explain/explain-model.ts'
import { explainRun } from '#orchestrator/explain/explain-run.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import {
  ImageExplanationSchema,
  ModelExplanationSchema,
  RunExplanationSchema,
} from '../documents/explanation.ts'

const run = createRoute({
  method: 'get',
  path: '/api/explain/run/{id}',
  summary: 'Why a run exists and what came of it',
  request: { params: idOf('run id or build id') },
  responses: answers(RunExplanationSchema, 'The explanation'),
})

const model = createRoute({
  method: 'get',
  path: '/api/explain/model/{id}',
  summary: 'Where a model version comes from, and what it went into',
  request: { params: idOf('name:version; a name alone means its newest version') },
  responses: answers(ModelExplanationSchema, 'The explanation'),
})

const image = createRoute({
  method: 'get',
  path: '/api/explain/image/{id}',
  summary: 'Image → model version → ML job → dataset versions → CI artifact → commit',
  request: { params: idOf('digest, at least 12 digits of it, or repository:tag') },
  responses: answers(ImageExplanationSchema, 'The explanation'),
})

export function explainRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(run, async c => c.json(await explainRun(o, c.req.valid('param').id), 200))
  app.openapi(model, async c => c.json(await explainModel(o, c.req.valid('param').id), 200))
  app.openapi(image, async c => c.json(await explainImage(o, c.req.valid('param').id), 200))
}

function idOf(description: string) {
  return z.object({ id: z.string().openapi({ description }) })
}
