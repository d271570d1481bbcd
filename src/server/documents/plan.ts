import { z } from '@hono/zod-openapi'

export const PlanSchema = z
  .array(
    z.object({
      modelType: z.string(),
      affected: z.boolean(),
      pipelines: z.array(z.string()),
      reasons: z.array(z.object({ path: z.string(), because: z.string() })),
      onlyServe: z.boolean(),
    }),
  )
  .openapi('Plan')

export type PlanDocument = z.infer<typeof PlanSchema>
