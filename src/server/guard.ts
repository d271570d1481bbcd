import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { answerDocument } from './errors.ts'

const MAX_BODY_BYTES = 1024 * 1024

/**
 * What every request must show before a route sees it: a Host that names this machine when it came in over loopback
 * (a page in a browser can't rebind its name to us), the token, and a JSON body of at most 1 MiB.
 */
export function guard(token: string): MiddlewareHandler {
  const isOurs = tokenTest(token)
  const limitBody = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: c => answerDocument(c, 413, 'body-too-large', 'the body is larger than 1 MiB'),
  })
  return async (c, next) => {
    const refusal = refuseHost(c) ?? refuseStranger(c, isOurs) ?? refuseBody(c)
    return refusal ?? limitBody(c, next)
  }
}

function refuseHost(c: Context): Response | undefined {
  const { hostname } = new URL(c.req.url)
  if (!isLoopback(localAddress(c)) || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'))) return undefined
  return answerDocument(c, 421, 'misdirected', `this server doesn't answer for '${hostname}'`)
}

/** The address that the connection came in on; unknown (in tests without a socket) counts as loopback. */
function localAddress(c: Context): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { localAddress?: string } } }
  return incoming?.socket?.localAddress ?? '127.0.0.1'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host)
}

function refuseStranger(c: Context, isOurs: (token: string) => boolean): Response | undefined {
  if (!c.req.path.startsWith('/api')) return undefined
  const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (shown !== undefined && isOurs(shown)) return undefined
  c.header('www-authenticate', 'Bearer')
  const message = shown === undefined ? 'a token is needed' : 'the token is wrong'
  return answerDocument(c, 401, 'unauthorized', message, 'send the header: Authorization: Bearer <token>')
}

function refuseBody(c: Context): Response | undefined {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return undefined
  const type = c.req.header('content-type')
  if (type === undefined ? !hasBody(c) : /^application\/json\s*(;|$)/i.test(type)) return undefined
  return answerDocument(
    c,
    415,
    'not-json',
    'the body must be JSON',
    'send the header: Content-Type: application/json',
  )
}

function hasBody(c: Context): boolean {
  return (c.req.header('content-length') ?? '0') !== '0' || c.req.header('transfer-encoding') !== undefined
}

/** Compares digests, so that the time taken tells nothing about the token. */
function tokenTest(token: string): (shown: string) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const expected = digest(token)
  return shown => timingSafeEqual(digest(shown), expected)
}
