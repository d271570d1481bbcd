import { z } from '@hono/zod-openapi'
import type { ComponentVersion } from '#ports/component-registry.ts'

export type { ComponentVersion } from '#ports/component-registry.ts'

export const ComponentVersionSchema: z.ZodType<ComponentVersion> = z
  .object({
    name: z.string(),
    version: z.string(),
    type: z.enum(['command', 'pipeline']),
    description: z.string().nullable(),
    digest: z.string(),
    file: z.string(),
    files: z.number().int(),
    createdAt: z.iso.datetime(),
  })
  .openapi('Component')
