import { OpenAPIHono } from '@hono/zod-openapi'
import type { ServerContext } from './context.ts'
import { answerError, answerUnknown, refuseInvalid } from './errors.ts'
import { guard } from './guard.ts'
import { datasetRoutes } from './routes/datasets.ts'
import { eventRoutes } from './routes/events.ts'
import { explainRoutes } from './routes/explain.ts'
import { imageRoutes } from './routes/images.ts'
import { mlComponentRoutes } from './routes/ml-components.ts'
import { mlJobRoutes } from './routes/ml-jobs.ts'
import { mlPipelineRoutes } from './routes/ml-pipelines.ts'
import { modelTypeRoutes } from './routes/model-types.ts'
import { modelRoutes } from './routes/models.ts'
import { planRoutes } from './routes/plan.ts'
import { pullRequestRoutes } from './routes/pull-requests.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { runLogRoutes } from './routes/run-logs.ts'
import { runRoutes } from './routes/runs.ts'
import { statusRoutes } from './routes/status.ts'
import { stepLogRoutes } from './routes/step-logs.ts'

export type { ServerContext } from './context.ts'

const ROUTES = [
  ...[statusRoutes, repositoryRoutes, modelTypeRoutes, planRoutes, pullRequestRoutes],
  ...[
    runRoutes,
    runLogRoutes,
    eventRoutes,
    datasetRoutes,
    modelRoutes,
    mlJobRoutes,
    stepLogRoutes,
    mlPipelineRoutes,
    mlComponentRoutes,
    imageRoutes,
    explainRoutes,
  ],
]

/**
 * The HTTP API: every route under `/api`, with a token; the OpenAPI document is `/api/openapi.json`. `/healthz` needs
 * no token and says nothing but that the server answers.
 */
export function createApp(context: ServerContext): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })
  app.onError(answerError)
  app.notFound(answerUnknown)
  app.use('*', guard(context.token))
  app.get('/healthz', c => c.json({ status: 'ok' }))
  for (const addRoutes of ROUTES) addRoutes(app, context)
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Millwright', version: context.version },
    security: [{ token: [] }],
  })
  return app
}
