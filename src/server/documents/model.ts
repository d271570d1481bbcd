import { z } from '@hono/zod-openapi'
import type { ModelVersion } from '#models/version.ts'
import type { ModelDocument } from '#orchestrator/explain/model-document.ts'
import type { PromotionRecord } from '#ports/model-registry.ts'

export type { ModelVersion } from '#models/version.ts'
export type { EnvironmentDocument, ModelDocument } from '#orchestrator/explain/model-document.ts'
export type { PromotionRecord } from '#ports/model-registry.ts'

const version = {
  name: z.string(),
  version: z.number().int(),
  digest: z.string(),
  tags: z.record(z.string(), z.string()),
  properties: z.record(z.string(), z.string()),
  createdAt: z.string(),
}

export const ModelVersionSchema: z.ZodType<ModelVersion> = z.object(version).openapi('ModelVersion')

export const ModelSchema: z.ZodType<ModelDocument> = z
  .object({
    ...version,
    environments: z.array(
      z.object({
        environment: z.string(),
        best: z.number().int().nullable(),
        revision: z.number().int(),
        changedAt: z.string().nullable(),
        by: z.string().nullable(),
        reason: z.string().nullable(),
      }),
    ),
    versions: z.array(ModelVersionSchema),
  })
  .openapi('Model')

export const PromotionSchema: z.ZodType<PromotionRecord> = z
  .object({
    model: z.string(),
    environment: z.string(),
    from: z.number().int().nullable(),
    version: z.number().int(),
    expectedRevision: z.number().int(),
    revision: z.number().int(),
    by: z.string(),
    reason: z.string(),
    evidence: z.unknown(),
    at: z.string(),
  })
  .openapi('Promotion')
