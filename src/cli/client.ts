import { readFile } from 'node:fs/promises'
import type { Config } from '#config.ts'
import { CancelledError, UserError } from '#errors.ts'
import { homeFolders } from '#home.ts'

export type Query = Record<string, string | number | boolean | undefined>

/** The server's HTTP API. Errors that the server answers are thrown as what they are. */
export interface Client {
  get<T>(path: string, query?: Query): Promise<T>
  post<T>(path: string, body?: object, headers?: Record<string, string>): Promise<T>
  /** The answer as it is, for texts and event streams. */
  open(path: string, query?: Query, signal?: AbortSignal): Promise<Response>
}

/** The server of MILLWRIGHT_URL, or else of the home. Throws UserError `no-server` when none answers. */
export function connect(config: Config): Client {
  let server: Promise<Server> | undefined
  const request = async (path: string, init: RequestInit) => {
    server ??= findServer(config)
    return send(await server, path, init)
  }
  const json = async <T>(path: string, init: RequestInit) => (await request(path, init)).json() as Promise<T>
  return {
    get: (path, query) => json(withQuery(path, query), {}),
    post: (path, body = {}, headers = {}) =>
      json(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    open: (path, query, signal) => request(withQuery(path, query), signal ? { signal } : {}),
  }
}

/** A path of the API with its parts escaped: `` api`/api/runs/${id}` ``. */
export function api(literals: TemplateStringsArray, ...parts: (string | number)[]): string {
  return literals.reduce((path, text, i) => `${path}${encodeURIComponent(parts[i - 1]!)}${text}`)
}

interface Server {
  url: string
  token: string
  /** Where the address comes from, for messages. */
  from: string
}

async function findServer(config: Config): Promise<Server> {
  const { serverFile } = homeFolders(config.home)
  const recorded = await readServerFile(serverFile)
  if (config.serverUrl) {
    const isHomes = recorded?.url === config.serverUrl.replace(/\/+$/, '')
    const token = config.serverToken ?? (isHomes ? recorded.token : '')
    return { url: config.serverUrl, token, from: 'MILLWRIGHT_URL' }
  }
  if (!recorded) throw noServer("the server isn't running")
  return { url: recorded.url, token: config.serverToken ?? recorded.token, from: serverFile }
}

async function readServerFile(file: string): Promise<{ url: string; token: string } | undefined> {
  try {
    const { url, token } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined
  } catch {
    return undefined
  }
}

function noServer(message: string, cause?: unknown): UserError {
  return new UserError('no-server', message, { hint: 'start it with `millwright up`', cause })
}

async function send(server: Server, path: string, init: RequestInit): Promise<Response> {
  const headers = { ...init.headers, authorization: `Bearer ${server.token}` }
  const response = await fetch(address(server, path), { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted) throw new CancelledError('interrupted')
    throw noServer(`the server isn't running: nothing answers at ${server.url} (from ${server.from})`, error)
  })
  if (!response.ok) throw await answeredError(response, server)
  return response
}

function address({ url, from }: Server, path: string): URL {
  if (URL.canParse(url) && /^https?:/.test(url)) return new URL(`${url.replace(/\/+$/, '')}${path}`)
  throw new UserError('invalid-url', `'${url}' is not the URL of a server`, { hint: `see ${from}` })
}

/** 5xx is the server's fault: a plain Error. Everything else is a mistake that the server has explained. */
async function answeredError(response: Response, server: Server): Promise<Error> {
  const { code, message, hint, ...place } = await errorOf(response)
  if (response.status >= 500) return new Error(`the server failed (${response.status}): ${message}`)
  if (response.status === 401) {
    const help = `set MILLWRIGHT_TOKEN to the token of ${server.url}`
    return new UserError('unauthorized', `${server.url} refuses our token`, { hint: help })
  }
  return new UserError(code, message, { place, ...(hint === undefined ? {} : { hint }) })
}

interface AnsweredError {
  code: string
  message: string
  hint?: string
  file?: string
  line?: number
  column?: number
  key?: string
}

async function errorOf(response: Response): Promise<AnsweredError> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text) as { error?: AnsweredError }
    if (error?.code && error.message) return error
  } catch {}
  return { code: 'not-our-server', message: `no Millwright server: it answered ${response.status}` }
}

/** The path with what is defined of the query. */
export function withQuery(path: string, query: Query = {}): string {
  const known = Object.entries(query).filter(([, value]) => value !== undefined)
  const search = new URLSearchParams(
    known.map(([name, value]) => [name, String(value)] as [string, string]),
  ).toString()
  return search === '' ? path : `${path}?${search}`
}
