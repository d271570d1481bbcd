import { z } from '@hono/zod-openapi'
import type { PipelineVersion } from '#ports/ml-catalog.ts'

export type { PipelineVersion } from '#ports/ml-catalog.ts'

export const PipelineVersionSchema: z.ZodType<PipelineVersion> = z
  .object({
    name: z.string(),
    version: z.number().int(),
    digest: z.string(),
    file: z.string(),
    files: z.array(z.string()),
    createdAt: z.iso.datetime(),
  })
  .openapi('PublishedPipeline')
