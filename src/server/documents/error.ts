import { z } from '@hono/zod-openapi'

/** Every answer that isn't a success (design §8). */
export const ErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      file: z.string().optional(),
      line: z.number().optional(),
      column: z.number().optional(),
      key: z.string().optional(),
      hint: z.string().optional(),
    }),
  })
  .openapi('Error')
