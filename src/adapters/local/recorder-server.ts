import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Fields, ProtocolError, type Route } from './recorder-protocol.ts'

const MOST_BYTES = 32 * 1024 * 1024

/** Serves routes on 127.0.0.1 at a free port, to those who know the token. Returns the base URL. */
export async function serveRoutes(
  routes: Record<string, Route>,
  token: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    answer(routes, token, request).then(
      document => send(response, 200, document),
      error => sendError(response, error),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) }
}

async function answer(
  routes: Record<string, Route>,
  token: string,
  request: IncomingMessage,
): Promise<object> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/health') return { status: 'OK' }
  if (!isAuthorized(request, token))
    throw new ProtocolError('PERMISSION_DENIED', 'the token is missing or wrong', 401)
  const { route, parameters } = findRoute(routes, request.method ?? 'GET', url.pathname)
  const body = request.method === 'GET' ? Object.fromEntries(url.searchParams) : await readBody(request)
  return route({ ...body, ...parameters })
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '')
  const expected = Buffer.from(`Bearer ${token}`)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function findRoute(routes: Record<string, Route>, method: string, pathname: string) {
  const path = /^\/api\/2\.0\/(?:preview\/)?mlflow\/(.+?)\/?$/.exec(pathname)?.[1] ?? ''
  const exact = routes[`${method} ${path}`]
  if (exact) return { route: exact, parameters: {} }
  const [, id = '', rest = ''] = /^logged-models\/([\w-]+)(\/\w+)?$/.exec(path) ?? []
  const withId = routes[`${method} logged-models/:id${rest}`]
  if (withId && id) return { route: withId, parameters: { model_id: id } }
  throw new ProtocolError('ENDPOINT_NOT_FOUND', `${method} ${pathname} isn't recorded here`, 404)
}

async function readBody(request: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES)
      throw new ProtocolError('INVALID_PARAMETER_VALUE', 'the request is too large', 413)
    chunks.push(chunk)
  }
  return parse(Buffer.concat(chunks).toString('utf8'))
}

/** Python writes `NaN` and `Infinity` into JSON as they are; here they become strings. */
function parse(body: string): Fields {
  if (body === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    return JSON.parse(body.replace(/(?<=[:[,]\s*)-?(?:NaN|Infinity)(?=\s*[,\]}])/g, '"$&"'))
  }
}

function send(response: ServerResponse, status: number, document: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document))
}

function sendError(response: ServerResponse, error: unknown): void {
  const { code, status } = error instanceof ProtocolError ? error : { code: 'BAD_REQUEST', status: 400 }
  send(response, status, {
    error_code: code,
    message: error instanceof Error ? error.message : String(error),
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
