import { z } from '@hono/zod-openapi'
import type { MlJobDocument } from '#orchestrator/explain/ml-job-document.ts'

export type { MlJobDocument } from '#orchestrator/explain/ml-job-document.ts'

const texts = z.record(z.string(), z.string())
const time = z.iso.datetime().nullable()

const StepSchema = z
  .object({
    name: z.string(),
    status: z.enum(['pending', 'preparing', 'running', 'completed', 'failed', 'cancelled', 'skipped']),
    reused: z.boolean(),
    reusedFrom: z.string().nullable(),
    exitCode: z.number().nullable(),
    startedAt: time,
    endedAt: time,
    log: z.string(),
    outputs: texts,
    error: z.string().nullable(),
  })
  .openapi('Step')

export const MlJobSchema: z.ZodType<MlJobDocument> = z
  .object({
    job: z.string(),
    status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
    message: z.string(),
    steps: z.array(StepSchema),
    outputs: texts,
    tracking: z.object({ uri: z.string(), experiment: z.string(), runId: z.string() }).nullable(),
    run: z.string().nullable(),
    pipeline: z.object({ name: z.string(), digest: z.string() }),
    inputs: texts,
    datasets: texts,
    model: z.object({ name: z.string(), version: z.number(), digest: z.string() }).nullable(),
    metrics: z.record(z.string(), z.number()),
    error: z.string().nullable(),
    createdAt: z.iso.datetime(),
    startedAt: time,
    endedAt: time,
  })
  .openapi('MlJob')
