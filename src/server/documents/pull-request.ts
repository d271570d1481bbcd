import { z } from '@hono/zod-openapi'
import type { PullRequestDocument } from '#orchestrator/pull-requests.ts'

export type { PullRequestDocument } from '#orchestrator/pull-requests.ts'

export const PullRequestSchema: z.ZodType<PullRequestDocument> = z
  .object({
    repository: z.string(),
    number: z.number().int(),
    title: z.string(),
    target: z.string(),
    head: z.string(),
    status: z.enum(['open', 'merged', 'closed']),
    mergedAs: z.string().nullable(),
    checks: z.array(z.object({ modelType: z.string(), status: z.string(), run: z.string().nullable() })),
  })
  .openapi('PullRequest')
