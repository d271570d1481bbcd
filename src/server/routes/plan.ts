import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { explainChange } from '#orchestrator/explain/explain-change.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { PlanSchema } from '../documents/plan.ts'

const revision = z.string().min(1).openapi({ description: 'full commit id or name of a branch' })

const plan = createRoute({
  method: 'get',
  path: '/api/plan',
  summary: 'Which model types a change touches, and why',
  request: { query: z.object({ repository: z.string().optional(), base: revision, head: revision }) },
  responses: answers(PlanSchema, 'One entry per model type'),
})

export function planRoutes(app: OpenAPIHono, { o }: ServerContext): void {
  app.openapi(plan, async c => c.json(await explainChange(o, c.req.valid('query')), 200))
}
