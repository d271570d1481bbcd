import { UserError } from '#errors.ts'
import type { RegistryAddress } from './address.ts'
import { authorizer, type Credentials, denied } from './tokens.ts'

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'
  /** Relative to `/v2/`, or what a `Location` header said. */
  url: string | URL
  /** Repository with its prefix, for the token's scope. */
  repository: string
  headers?: Record<string, string>
  body?: Uint8Array
  /** Statuses that are answers; others are refusals. */
  expect: readonly number[]
  /** False for requests that must not be sent again just so; a {@link TransientError} is thrown instead. Default true. */
  repeatable?: boolean
}

export interface RegistryClient {
  /** Resolves with a response whose body has not been read. Throws UserError when refused or unreachable. */
  send(request: RegistryRequest): Promise<Response>
  /** Waits before the given attempt (from 1) of something bigger than a request. */
  backOff(attempt: number): Promise<void>
  /** Resolves a `Location` header; it may be relative, and changes with every step of an upload. */
  locate(response: Response): URL
}

/** The registry or the network failed in a way that often passes. */
export class TransientError extends Error {
  override readonly name = 'TransientError'
}

export const ATTEMPTS = 5
const REQUEST_MS = 300_000

export interface ClientOptions {
  address: RegistryAddress
  credentials: Credentials | undefined
  /** Waits for some seconds. */
  pause: (seconds: number) => Promise<void>
}

/** Speaks HTTP with one registry: authentication, and repetition after 429, 5xx and network faults. */
export function registryClient({ address, credentials, pause }: ClientOptions): RegistryClient {
  const authorization = authorizer(credentials, fetch)
  const backOff = (attempt: number, atLeast = 0) => pause(Math.max(atLeast, waitBefore(attempt)))

  async function authorized(request: RegistryRequest): Promise<Response> {
    const scope = `repository:${request.repository}:pull,push`
    const url = new URL(request.url, address.base)
    const header = () => (url.origin === address.base.origin ? authorization.header(scope) : undefined)
    const first = await once(request, url, header())
    const challenge = first.headers.get('www-authenticate')
    if (first.status !== 401 || !challenge) return first
    await first.body?.cancel()
    await authorization.answer(challenge, scope)
    return once(request, url, header())
  }

  return {
    backOff,
    async send(request) {
      for (let attempt = 1; ; attempt++) {
        const response = await authorized(request).catch(asTransient)
        if (!(response instanceof TransientError) && request.expect.includes(response.status)) return response
        if (!(response instanceof TransientError) && !isTransient(response))
          throw await refusal(request, response)
        const reason = response instanceof TransientError ? response.message : `status ${response.status}`
        if (request.repeatable === false) throw new TransientError(reason)
        if (attempt === ATTEMPTS) throw unavailable(address, reason)
        await backOff(attempt, response instanceof TransientError ? 0 : retryAfter(response))
      }
    },
    locate(response) {
      const location = response.headers.get('location')
      if (!location)
        throw new UserError('registry-protocol', 'the registry accepts an upload but names no place for it')
      const url = new URL(location, response.url)
      if (url.host === address.base.host) url.protocol = address.base.protocol
      return url
    },
  }
}

function once(request: RegistryRequest, url: URL, authorization: string | undefined): Promise<Response> {
  const { method, body } = request
  const follows = method === 'GET' || method === 'HEAD'
  return fetch(url, {
    method,
    body,
    headers: { ...request.headers, ...(authorization ? { authorization } : {}) },
    redirect: follows ? 'follow' : 'manual',
    signal: AbortSignal.timeout(REQUEST_MS),
  } as RequestInit)
}

/** fetch reports faults of the network as TypeError, and an expired limit as TimeoutError. */
function asTransient(error: unknown): TransientError {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
  if (name !== 'TypeError' && name !== 'TimeoutError') throw error
  return new TransientError(cause?.code ?? cause?.message ?? message)
}

function isTransient({ status }: Response): boolean {
  return status === 429 || (status >= 500 && status !== 501)
}

async function refusal(request: RegistryRequest, response: Response): Promise<UserError> {
  const text = await response.text().catch(() => '')
  const reason = `${request.method} ${request.repository}: ${response.status} ${firstMessage(text)}`.trim()
  if (response.status === 401 || response.status === 403) return denied(`the registry refuses: ${reason}`)
  return new UserError('registry-refused', `the registry refuses: ${reason}`)
}

function firstMessage(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] }
    return `${errors?.[0]?.code ?? ''} ${errors?.[0]?.message ?? ''}`.slice(0, 200)
  } catch {
    return ''
  }
}

/** Exponential with full jitter: up to 0.4, 0.8, 1.6, 3.2 s. */
function waitBefore(attempt: number): number {
  return Math.random() * 0.2 * 2 ** attempt
}

const LONGEST_WAIT = 30

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.min(seconds, LONGEST_WAIT) : 0
}

function unavailable({ base }: RegistryAddress, reason: string): UserError {
  return new UserError('registry-unavailable', `the registry ${base.host} did not answer: ${reason}`, {
    hint: 'is it running, and can this machine reach it? The same push can be repeated',
  })
}
