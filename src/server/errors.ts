import type { Context, ErrorHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ConflictError, errorDocument, NotFoundError, UserError } from '#errors.ts'

/** Answers with an error's document (design §8). Faults of ours are told to the log only. */
export const answerError: ErrorHandler = (error, c) => {
  if (error instanceof UserError) return c.json(errorDocument(error), statusOf(error))
  if (error instanceof HTTPException) return answerDocument(c, error.status, 'invalid-request', error.message)
  process.stderr.write(`${c.req.method} ${c.req.path}: ${error.stack ?? error.message}\n`)
  return answerDocument(c, 500, 'internal', 'the server failed; its log says why')
}

export const answerUnknown: NotFoundHandler = c =>
  answerDocument(
    c,
    404,
    'no-such-route',
    `there is no ${c.req.method} ${c.req.path}`,
    'see /api/openapi.json',
  )

export function answerDocument(
  c: Context,
  status: number,
  code: string,
  message: string,
  hint?: string,
): Response {
  const error = { code, message, ...(hint === undefined ? {} : { hint }) }
  return c.json({ error }, status as ContentfulStatusCode)
}

/** A request that doesn't fit its route's schema: names the first entry that is wrong. */
export function refuseInvalid(
  result: { success: true } | { success: false; target: string; error: { issues: readonly Issue[] } },
): void {
  if (result.success) return
  const issue = result.error.issues[0]
  const key = issue?.path.map(String).join('.') ?? ''
  const where = key === '' ? result.target : `${result.target} '${key}'`
  throw new UserError('invalid-request', `${where}: ${issue?.message ?? 'invalid'}`, {
    ...(key === '' ? {} : { place: { key } }),
    hint: 'see /api/openapi.json',
  })
}

interface Issue {
  path: readonly PropertyKey[]
  message: string
}

function statusOf(error: UserError): ContentfulStatusCode {
  if (error instanceof NotFoundError) return 404
  return error instanceof ConflictError ? 409 : 400
}
