import type { z } from '@hono/zod-openapi'
import { ErrorSchema } from './error.ts'

/** The responses of a route: its document with status 200, or an error. */
export function answers<T extends z.ZodType>(schema: T, description: string) {
  return { 200: json(schema, description), ...ERRORS }
}

/** A request's JSON body. */
export function body<T extends z.ZodType>(schema: T) {
  return { content: { 'application/json': { schema } }, required: true }
}

/** A response that is JSON. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { content: { 'application/json': { schema } }, description }
}

/** Every other response. */
export const ERRORS = { default: json(ErrorSchema, 'What was wrong, and what to do next') }
