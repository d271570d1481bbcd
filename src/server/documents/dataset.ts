import { z } from '@hono/zod-openapi'
import type { DatasetVersion } from '#datasets/dataset.ts'

export type DatasetDocument = DatasetVersion

export const DatasetSchema: z.ZodType<DatasetDocument> = z
  .object({
    name: z.string(),
    version: z.number().int(),
    digest: z.string(),
    rows: z.number().nullable(),
    columns: z.array(z.string()).nullable(),
    files: z.array(z.object({ path: z.string(), bytes: z.number(), digest: z.string() })),
    createdAt: z.string(),
  })
  .openapi('Dataset')
