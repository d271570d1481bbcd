import { z } from '@hono/zod-openapi'
import type { ModelTypeDocument } from '#orchestrator/explain/model-type-document.ts'

export type { ModelTypeDocument } from '#orchestrator/explain/model-type-document.ts'

export const ModelTypeSchema: z.ZodType<ModelTypeDocument> = z
  .object({
    name: z.string(),
    repository: z.string(),
    branch: z.string(),
    commit: z.string(),
    folder: z.string(),
    /** What model.yml says, after defaults; null when it can't be read. */
    declaration: z.unknown(),
    problem: z.unknown(),
  })
  .openapi('ModelType') as z.ZodType<ModelTypeDocument>
