import { z } from '@hono/zod-openapi'
import type { DatasetVersion } from '#datasets/dataset.ts'
import type { DatasetDocument } from '#orchestrator/explain/dataset-document.ts'

export type { DatasetDocument } from '#orchestrator/explain/dataset-document.ts'

const bound = z.union([z.string(), z.number(), z.boolean()]).nullable()

const ProfileSchema = z
  .object({
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        missing: z.number().int(),
        min: bound,
        max: bound,
        distinct: z.number().int().openapi({ description: 'estimated' }),
      }),
    ),
  })
  .openapi('DatasetProfile')

const version = z.object({
  name: z.string(),
  version: z.number().int(),
  digest: z.string(),
  rows: z.number().nullable(),
  columns: z.array(z.string()).nullable(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), digest: z.string() })),
  profile: ProfileSchema.nullable(),
  profileNote: z
    .string()
    .nullable()
    .openapi({ description: 'why there is no profile, or what was unusual about reading the files' }),
  createdAt: z.string(),
})

export const DatasetVersionSchema: z.ZodType<DatasetVersion> = version.openapi('DatasetVersion')

export const DatasetSchema: z.ZodType<DatasetDocument> = version
  .extend({
    usedBy: z.object({
      jobs: z.array(z.object({ job: z.string(), input: z.string(), status: z.string() })),
      models: z.array(z.object({ name: z.string(), version: z.number().int() })),
    }),
    madeBy: z.object({ job: z.string(), output: z.string() }).nullable(),
  })
  .openapi('Dataset')
