import { z } from '@hono/zod-openapi'
import type { Repository } from '#ports/code-host.ts'

export type RepositoryDocument = Repository

export const RepositorySchema: z.ZodType<RepositoryDocument> = z
  .object({ name: z.string(), url: z.string().openapi({ description: 'for git clone and git push' }) })
  .openapi('Repository')
