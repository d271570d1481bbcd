import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { mlJobDocument, mlJobDocuments } from '#orchestrator/explain/ml-job-document.ts'
import type { ServerContext } from '../context.ts'
import { answers } from '../documents/answers.ts'
import { MlJobSchema, StepExplanationSchema } from '../documents/ml-job.ts'

const job = z.object({ job: z.string() })

const list = createRoute({
  method: 'get',
  path: '/api/ml/jobs',
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50) }) },
  responses: answers(z.array(MlJobSchema), 'The jobs, newest first'),
})

const show = createRoute({
  method: 'get',
  path: '/api/ml/jobs/{job}',
  request: { params: job },
  responses: answers(MlJobSchema, 'The job with its steps'),
})

const cancel = createRoute({
  method: 'post',
  path: '/api/ml/jobs/{job}/cancel',
  summary: 'Cancels a job; answers when its work is gone',
  request: { params: job },
  responses: answers(MlJobSchema, 'The job as it has ended'),
})

const explain = createRoute({
  method: 'get',
  path: '/api/ml/jobs/{job}/steps/{step}/explanation',
  summary: 'Why a step was run or reused: which parts of its key differ from what is kept',
  request: { params: z.object({ job: z.string(), step: z.string() }) },
  responses: answers(StepExplanationSchema, 'The explanation'),
})

export function mlJobRoutes(app: OpenAPIHono, { o, cancelJob, explainStep }: ServerContext): void {
  app.openapi(list, async c => c.json(await mlJobDocuments(o.db, c.req.valid('query').limit), 200))
  app.openapi(show, async c => c.json(await mlJobDocument(o.db, c.req.valid('param').job), 200))
  app.openapi(cancel, async c => {
    const { job } = c.req.valid('param')
    await mlJobDocument(o.db, job)
    await cancelJob(job)
    return c.json(await mlJobDocument(o.db, job), 200)
  })
  app.openapi(explain, async c => {
    const { job, step } = c.req.valid('param')
    await mlJobDocument(o.db, job)
    return c.json(await explainStep(job, step), 200)
  })
}
