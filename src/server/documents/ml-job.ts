import { z } from '@hono/zod-openapi'
import type { StepExplanation } from '#ml-service/explain-step.ts'
import type { MlJobDocument } from '#orchestrator/explain/ml-job-document.ts'

export type { MlJobDocument, MlStepDocument, MlTrialDocument } from '#orchestrator/explain/ml-job-document.ts'

const texts = z.record(z.string(), z.string())
const time = z.iso.datetime().nullable()

const StepStatusSchema = z.enum([
  'pending',
  'preparing',
  'running',
  'completed',
  'failed',
  'cancelled',
  'skipped',
])

const TrialSchema = z
  .object({
    trial: z.number(),
    status: StepStatusSchema,
    values: texts,
    metric: z.number().nullable(),
    best: z.boolean(),
    exitCode: z.number().nullable(),
    message: z.string().nullable(),
    startedAt: time,
    endedAt: time,
    log: z.string(),
  })
  .openapi('Trial')

const StepSchema = z
  .object({
    name: z.string(),
    status: StepStatusSchema,
    reused: z.boolean(),
    reusedFrom: z.string().nullable(),
    exitCode: z.number().nullable(),
    startedAt: time,
    endedAt: time,
    log: z.string(),
    outputs: texts,
    error: z.string().nullable(),
    trials: z.array(TrialSchema).optional(),
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
    registered: texts,
    model: z.object({ name: z.string(), version: z.number(), digest: z.string() }).nullable(),
    metrics: z.record(z.string(), z.number()),
    error: z.string().nullable(),
    createdAt: z.iso.datetime(),
    startedAt: time,
    endedAt: time,
  })
  .openapi('MlJob')

export const StepExplanationSchema: z.ZodType<StepExplanation> = z
  .object({
    job: z.string(),
    step: z.string(),
    status: StepStatusSchema,
    reuse: z.enum(['reused', 'forced', 'not-deterministic', 'repeated', 'no-match']),
    reusedFrom: z.string().nullable(),
    reason: z.string(),
    comparedWith: z.object({ job: z.string(), storedAt: z.iso.datetime() }).nullable(),
    parts: z.array(
      z.object({
        part: z.string(),
        same: z.boolean(),
        text: z.string().nullable(),
        before: z.string().nullable(),
      }),
    ),
  })
  .openapi('StepExplanation')
