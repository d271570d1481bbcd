import { z } from '@hono/zod-openapi'

export const StatusSchema = z
  .object({
    version: z.string(),
    database: z.literal('ok'),
    runs: z.object({ queued: z.number(), running: z.number(), waiting: z.number() }),
    mlJobs: z.object({ queued: z.number(), running: z.number() }),
    workers: z.array(
      z.object({
        id: z.string(),
        host: z.string(),
        pid: z.number(),
        startedAt: z.string(),
        heartbeatAt: z.string(),
      }),
    ),
    tracking: z.object({ uri: z.string() }).nullable(),
  })
  .openapi('Status')

export type StatusDocument = z.infer<typeof StatusSchema>
