import { UserError } from '#errors.ts'
import { isLoopback } from './address.ts'

export interface Credentials {
  username: string
  password: string
}

/** Headers that answer a registry's 401 challenge, remembered per scope until they are rejected or run out. */
export interface Authorizer {
  /** What is known already for the scope; undefined before the first challenge. */
  header(scope: string): string | undefined
  /** Answers a challenge. Throws UserError when there is nothing to answer with. */
  answer(challenge: string, scope: string): Promise<void>
}

type Fetch = typeof fetch

/** `scope` is like `repository:models/tiny:pull,push`. */
export function authorizer(credentials: Credentials | undefined, send: Fetch): Authorizer {
  const known = new Map<string, { value: string; until: number }>()
  return {
    header(scope) {
      const entry = known.get(scope)
      return entry && performance.now() < entry.until ? entry.value : undefined
    },
    async answer(challenge, scope) {
      if (/^basic\b/i.test(challenge)) {
        if (!credentials) throw denied('the registry asks for a user and a password')
        known.set(scope, { value: basic(credentials), until: Number.POSITIVE_INFINITY })
      } else {
        known.set(scope, await requestToken(challenge, scope, credentials, send))
      }
    },
  }
}

/** What a registry's refusal means to the user. */
export function denied(message: string): UserError {
  return new UserError('registry-denied', message, {
    hint: 'check the credentials and their rights: pull and push',
  })
}

const DEFAULT_SECONDS = 60

/** The token protocol of the distribution project: GET realm?service=…&scope=…, answered with a bearer token. */
async function requestToken(
  challenge: string,
  scope: string,
  credentials: Credentials | undefined,
  send: Fetch,
): Promise<{ value: string; until: number }> {
  const url = tokenAddress(challenge, scope)
  const headers = credentials ? { authorization: basic(credentials) } : undefined
  const response = await send(url, { headers, signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw denied(`${url.host} gives no token (${response.status})`)
  const token = (await response.json()) as { token?: string; access_token?: string; expires_in?: number }
  const value = token.token ?? token.access_token
  if (!value) throw denied(`${url.host} gives no token`)
  const seconds = (token.expires_in ?? DEFAULT_SECONDS) * 0.8
  return { value: `Bearer ${value}`, until: performance.now() + seconds * 1000 }
}

function tokenAddress(challenge: string, scope: string): URL {
  const parameters = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(match => [match[1]!.toLowerCase(), match[2]!]),
  )
  if (!/^bearer\b/i.test(challenge) || !URL.canParse(parameters.realm ?? '')) {
    throw denied('the registry asks for an authentication that is not supported')
  }
  const url = new URL(parameters.realm!)
  if (url.protocol !== 'https:' && !isLoopback(url.host))
    throw denied(`${url.host} wants credentials over plain HTTP`)
  if (parameters.service) url.searchParams.set('service', parameters.service)
  url.searchParams.set('scope', scope)
  return url
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
