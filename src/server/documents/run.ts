import { z } from '@hono/zod-openapi'
import type { RunDocument } from '#orchestrator/run-document.ts'

export type { RunDocument, StageDocument } from '#orchestrator/run-document.ts'

export const RunStatus = z.enum(['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'])
export const PipelineName = z.enum(['pr', 'ci', 'cd'])
const time = z.iso.datetime()

const StageSchema = z
  .object({
    name: z.string(),
    status: z.enum([...RunStatus.options, 'skipped', 'reused']),
    attempts: z.number().int(),
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    summary: z.string().nullable(),
    detail: z.unknown(),
    error: z.unknown(),
  })
  .openapi('Stage')

export const RunSchema: z.ZodType<RunDocument> = z
  .object({
    id: z.string(),
    buildId: z.number().int(),
    pipeline: PipelineName,
    modelType: z.string(),
    trigger: z.string(),
    reason: z.string().nullable(),
    commit: z.string(),
    branch: z.string(),
    environment: z.string().nullable(),
    dataset: z.string().nullable(),
    status: RunStatus,
    outcome: z.string().nullable(),
    error: z.unknown(),
    repository: z.string(),
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    stages: z.array(StageSchema),
  })
  .openapi('Run')
