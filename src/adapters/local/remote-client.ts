import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import { guardedLookup, guardHost } from './network-guard.ts'

export interface RemoteAnswer {
  status: number
  headers: Record<string, string | undefined>
  body: Readable
}

/** GETs over HTTP(S), following redirects; it decides who may be asked, not what the answer means. */
export interface RemoteClient {
  /** Throws ForbiddenAddress, AbortError, or what the network says. The body has to be read or destroyed. */
  get(url: string, options: { headers?: Record<string, string>; signal: AbortSignal }): Promise<RemoteAnswer>
  close(): Promise<void>
}

const MOST_REDIRECTS = 5
const CONNECT_MS = 15_000
/** Without a single byte. */
const SILENT_MS = 60_000

/**
 * A client that honours the proxies of `env`. A first address may be internal (a file server of one's own), but not of
 * the link; a redirect leads to public addresses or to the same host, and never from https to http.
 */
export function remoteClient(env: Readonly<Record<string, string>>): RemoteClient {
  const first = dispatcher(env, false)
  const redirected = dispatcher(env, true)
  return {
    async get(start, { headers = {}, signal }) {
      let url = new URL(start)
      for (let redirects = 0; ; redirects++) {
        const isOwn = url.host === new URL(start).host
        guardHost(url.hostname, !isOwn)
        const answer = await request(url, {
          dispatcher: isOwn ? first : redirected,
          headers: { 'accept-encoding': 'identity', ...headers },
          signal,
        })
        const { location } = answer.headers as Record<string, string | undefined>
        if (![301, 302, 303, 307, 308].includes(answer.statusCode) || location === undefined)
          return { status: answer.statusCode, headers: flat(answer.headers), body: answer.body }
        await answer.body.dump()
        if (redirects === MOST_REDIRECTS) throw new Error(`more than ${MOST_REDIRECTS} redirects`)
        url = target(url, location)
      }
    },
    async close() {
      await Promise.all([first.destroy(), redirected.destroy()])
    },
  }
}

function dispatcher(env: Readonly<Record<string, string>>, publicOnly: boolean): Dispatcher {
  const connect = { timeout: CONNECT_MS, lookup: guardedLookup(publicOnly) as never }
  const limits = { headersTimeout: SILENT_MS, bodyTimeout: SILENT_MS }
  const named = (name: string) => env[name.toLowerCase()] ?? env[name.toUpperCase()]
  const httpProxy = named('http_proxy') ?? named('all_proxy')
  const httpsProxy = named('https_proxy') ?? named('all_proxy') ?? httpProxy
  if (!httpProxy && !httpsProxy) return new Agent({ ...limits, connect })
  const noProxy = named('no_proxy') ?? ''
  return new EnvHttpProxyAgent({
    ...limits,
    connect,
    noProxy,
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
  })
}

function target(from: URL, location: string): URL {
  const url = new URL(location, from)
  const allowed = from.protocol === 'https:' ? ['https:'] : ['https:', 'http:']
  if (allowed.includes(url.protocol)) return url
  throw new Error(`a redirect from ${from.protocol} to ${url.protocol} is not followed`)
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  )
}
