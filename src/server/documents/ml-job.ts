import { z } from '@hono/zod-openapi'
import type { StepExplanation } from '#ml-service/explain-step.ts'
import type { MlJobDocument, MlJobSummary } from '#orchestrator/ml-jobs/ml-job-document.ts'

export type {
  MlJobDocument,
  MlJobSummary,
  MlStepDocument,
  MlTrialDocument,
} from '#orchestrator/ml-jobs/ml-job-document.ts'

export const MlJobStatus = z.enum([
  ...['queued', 'preparing', 'running', 'finalizing', 'canceling'],
  ...['completed', 'failed', 'cancelled'],
] as [MlJobSummary['status'], ...MlJobSummary['status'][]])

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

const AttemptSchema = z.object({
  number: z.number().int(),
  status: z.string(),
  message: z.string(),
  startedAt: time,
  endedAt: time,
})

const summary = z.object({
  job: z.string(),
  status: MlJobStatus,
  message: z.string(),
  stepCounts: z.record(z.string(), z.number()),
  outputs: texts,
  tracking: z.object({ uri: z.string(), experiment: z.string(), runId: z.string() }).nullable(),
  run: z.string().nullable(),
  pipeline: z.object({ name: z.string(), version: z.number().int().nullable(), digest: z.string() }),
  inputs: texts,
  datasets: texts,
  registers: z.string().nullable(),
  model: z.object({ name: z.string(), version: z.number(), digest: z.string() }).nullable(),
  metrics: z.record(z.string(), z.number()),
  error: z.string().nullable(),
  attempts: z.array(AttemptSchema),
  createdAt: z.iso.datetime(),
  startedAt: time,
  endedAt: time,
})

export const MlJobSummarySchema: z.ZodType<MlJobSummary> = summary.openapi('MlJobSummary')

export const MlJobSchema: z.ZodType<MlJobDocument> = summary
  .extend({ steps: z.array(StepSchema), registered: texts })
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
