import { z } from '@hono/zod-openapi'
import type { ImageDocument } from '#orchestrator/explain/image-document.ts'

export type { ImageDocument } from '#orchestrator/explain/image-document.ts'

const LevelSchema = z.object({
  level: z.string(),
  status: z.enum(['passed', 'failed', 'not run']),
  seconds: z.number(),
  message: z.string(),
})

export const ImageSchema: z.ZodType<ImageDocument> = z
  .object({
    digest: z.string(),
    repository: z.string(),
    tags: z.array(z.string()),
    modelType: z.string(),
    modelVersion: z.number().int(),
    commit: z.string(),
    buildId: z.number().int(),
    run: z.string(),
    artifact: z.string(),
    size: z.number(),
    validation: z.object({ engine: z.string(), levels: z.array(LevelSchema) }),
    attestations: z.array(z.unknown()),
    createdAt: z.string(),
  })
  .openapi('Image')
