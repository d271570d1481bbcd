import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { cancelJob } from '#orchestrator/ml-jobs/cancel-job.ts'
import { knownJob } from '#orchestrator/ml-jobs/known-job.ts'
import { mlJobDocument, mlJobSummaries } from '#orchestrator/ml-jobs/ml-job-document.ts'
import { retryJob } from '#orchestrator/ml-jobs/retry-job.ts'
import { submitJob } from '#orchestrator/ml-jobs/submit-job.ts'
import type { ServerContext } from '../context.ts'
import { answers, body } from '../documents/answers.ts'
import { MlJobSchema, MlJobStatus, MlJobSummarySchema, StepExplanationSchema } from '../documents/ml-job.ts'
import { refuseRelative } from './datasets.ts'

const job = z.object({ job: z.string() })

const list = createRoute({
  method: 'get',
  path: '/api/ml/jobs',
  summary: 'ML jobs, newest first, without their steps',
  request: {
    query: z.object({
      status: MlJobStatus.optional(),
      modelType: z.string().optional(),
      pipeline: z.string().optional(),
      before: z.string().optional().openapi({ description: 'only jobs older than this one: the next page' }),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
  },
  responses: answers(z.array(MlJobSummarySchema), 'The jobs'),
})

const show = createRoute({
  method: 'get',
  path: '/api/ml/jobs/{job}',
  request: { params: job },
  responses: answers(MlJobSchema, 'The job with its steps'),
})

const submit = createRoute({
  method: 'post',
  path: '/api/ml/jobs',
  summary:
    'Submits a job by hand; it registers no model. The same request under the same name is the same job',
  request: {
    body: body(
      z
        .strictObject({
          job: z.string().min(1).max(255),
          pipeline: z.string().optional().openapi({ description: 'name, name:version or name@latest' }),
          file: z
            .string()
            .optional()
            .openapi({ description: 'a pipeline file on the server, published first' }),
          inputs: z.record(z.string(), z.string()).default({}),
        })
        .refine(({ pipeline, file }) => pipeline !== undefined || file !== undefined, {
          message: 'give a pipeline or a file',
        }),
    ),
  },
  responses: answers(MlJobSchema, 'The job'),
})

const cancel = createRoute({
  method: 'post',
  path: '/api/ml/jobs/{job}/cancel',
  summary: 'Cancels a job; answers when its work is gone',
  request: { params: job },
  responses: answers(MlJobSchema, 'The job as it has ended'),
})

const retry = createRoute({
  method: 'post',
  path: '/api/ml/jobs/{job}/retry',
  summary: 'Begins the next attempt of a job that failed or was cancelled; steps that have completed stay',
  request: {
    params: job,
    headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
  },
  responses: answers(
    MlJobSchema,
    'The job, queued; or as it stands, when the same key has begun this attempt',
  ),
})

const explain = createRoute({
  method: 'get',
  path: '/api/ml/jobs/{job}/steps/{step}/explanation',
  summary: 'Why a step was run or reused: which parts of its key differ from what is kept',
  request: { params: z.object({ job: z.string(), step: z.string() }) },
  responses: answers(StepExplanationSchema, 'The explanation'),
})

export function mlJobRoutes(app: OpenAPIHono, context: ServerContext): void {
  const { o, ml } = context
  app.openapi(list, async c => c.json(await mlJobSummaries(o.db, c.req.valid('query')), 200))
  app.openapi(show, async c => c.json(await mlJobDocument(o.db, c.req.valid('param').job), 200))
  app.openapi(submit, async c => {
    const submission = c.req.valid('json')
    if (submission.file !== undefined) refuseRelative(submission.file, 'file')
    await submitJob({ catalog: ml.catalog, mlService: o.ports.mlService }, submission)
    return c.json(await mlJobDocument(o.db, submission.job), 200)
  })
  app.openapi(cancel, async c => {
    const { job } = c.req.valid('param')
    await cancelJob(o.db, context.cancelJob, job)
    return c.json(await mlJobDocument(o.db, job), 200)
  })
  app.openapi(retry, async c => {
    const { job } = c.req.valid('param')
    const key = c.req.valid('header')['idempotency-key'] ?? crypto.randomUUID()
    await retryJob(o.db, ml.startJob, { job, key })
    return c.json(await mlJobDocument(o.db, job), 200)
  })
  app.openapi(explain, async c => {
    const { job, step } = c.req.valid('param')
    await knownJob(o.db, job)
    return c.json(await context.explainStep(job, step), 200)
  })
}
