import { open, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { CancelledError, UserError } from '#errors.ts'
import { ForbiddenAddress } from './network-guard.ts'
import type { RemoteAnswer, RemoteClient } from './remote-client.ts'
import { refusedAnswer, remoteFailure, tooLarge } from './remote-failure.ts'

export interface RemoteContext {
  client: RemoteClient
  /** Folder of downloads. */
  directory: string
  maxBytes: number
  /** First pause between attempts. */
  pauseMs: number
  onProgress(line: string): void
}

/** What tells one state of a remote file from another, if the server says so. */
export interface Validators {
  etag: string | null
  lastModified: string | null
}

export type Transfer = { changed: false } | { changed: true; validators: Validators; bytes: number }

const ATTEMPTS = 5
const LONGEST_PAUSE_MS = 30_000
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504]

/**
 * GETs a URL into the file `to`, whole or not at all. With `known` validators it may find that nothing has changed.
 * What breaks is taken up where it broke if the server can do that, else begun anew. Throws UserError.
 */
export async function transfer(
  context: RemoteContext,
  url: string,
  options: { to: string; known: Validators | undefined; signal: AbortSignal },
): Promise<Transfer> {
  let partial: Validators | undefined
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await ask(context, url, { ...options, partial })
      if (answer.status === 304) return drop(answer, { changed: false } as const)
      partial = validatorsOf(answer)
      const bytes = await receive(context, url, answer, options)
      return { changed: true, validators: partial, bytes }
    } catch (error) {
      if (options.signal.aborted) throw new CancelledError()
      if (attempt === ATTEMPTS || !isTransient(error)) throw finalError(url, error)
      if (!(await sizeOf(options.to)) || !(partial && strong(partial))) partial = await restart(options.to)
      await pause(context, attempt, error, options.signal)
    }
  }
}

/** Asks a question of the server, as patiently; for answers that are small. */
export async function askPatiently(
  context: RemoteContext,
  url: string,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await context.client.get(url, { signal })
      if (answer.status !== 200) throw drop(answer, new BadStatus(answer))
      return (await answer.body.toArray()).map(String).join('')
    } catch (error) {
      if (signal.aborted) throw new CancelledError()
      if (attempt === ATTEMPTS || !isTransient(error)) throw finalError(url, error)
      await pause(context, attempt, error, signal)
    }
  }
}

class BadStatus extends Error {
  readonly status: number
  readonly retryAfter: number
  constructor({ status, headers }: RemoteAnswer) {
    super(`HTTP ${status}`)
    this.status = status
    this.retryAfter = Number(headers['retry-after'] ?? 0) || 0
  }
}

async function ask(
  { client }: RemoteContext,
  url: string,
  options: {
    to: string
    known: Validators | undefined
    partial: Validators | undefined
    signal: AbortSignal
  },
): Promise<RemoteAnswer> {
  const had = options.partial ? await sizeOf(options.to) : 0
  const headers = had > 0 ? rangeFrom(had, options.partial!) : conditions(options.known)
  const answer = await client.get(url, { headers, signal: options.signal })
  const fitting = answer.status === 206 && beginsAt(answer, had)
  if (fitting || answer.status === 200 || (answer.status === 304 && options.known)) return answer
  throw drop(answer, new BadStatus(answer))
}

async function receive(
  context: RemoteContext,
  url: string,
  answer: RemoteAnswer,
  { to }: { to: string },
): Promise<number> {
  const resumed = answer.status === 206
  let bytes = resumed ? await sizeOf(to) : 0
  const announced = answer.headers['content-length']
  const total = announced === undefined ? undefined : bytes + Number(announced)
  const tell = progress(context, url, total)
  const file = await open(to, resumed ? 'a' : 'w')
  try {
    if (total !== undefined && total > context.maxBytes) throw tooLarge(url, context.maxBytes)
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > context.maxBytes) throw tooLarge(url, context.maxBytes)
      await file.writeFile(chunk)
      tell(bytes)
    }
  } finally {
    drop(answer, undefined)
    await file.close()
  }
  if (total !== undefined && bytes !== total) throw new Error(`ended after ${bytes} of ${total} bytes`)
  return bytes
}

function progress({ onProgress }: RemoteContext, url: string, total: number | undefined) {
  let told = Date.now()
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  return (bytes: number) => {
    if (Date.now() - told < 3000) return
    told = Date.now()
    const of = total === undefined ? '' : ` of ${megabytes(total)}`
    onProgress(`downloading ${url.replace(/[?#].*$/s, '')}: ${megabytes(bytes)}${of} MB`)
  }
}

function rangeFrom(had: number, { etag, lastModified }: Validators): Record<string, string> {
  return { range: `bytes=${had}-`, 'if-range': etag ?? lastModified! }
}

function conditions(known: Validators | undefined): Record<string, string> {
  return {
    ...(known?.etag ? { 'if-none-match': known.etag } : {}),
    ...(known?.lastModified ? { 'if-modified-since': known.lastModified } : {}),
  }
}

function beginsAt({ headers }: RemoteAnswer, offset: number): boolean {
  return offset > 0 && new RegExp(`^bytes ${offset}-`).test(headers['content-range'] ?? '')
}

function validatorsOf({ headers }: RemoteAnswer): Validators {
  return { etag: headers.etag ?? null, lastModified: headers['last-modified'] ?? null }
}

/** Only these make sure that the rest belongs to the beginning (RFC 9110, 13.1.5). */
function strong({ etag }: Validators): boolean {
  return etag !== null && !etag.startsWith('W/')
}

async function restart(file: string): Promise<undefined> {
  await rm(file, { force: true })
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0
}

function isTransient(error: unknown): boolean {
  if (error instanceof BadStatus) return TRANSIENT.includes(error.status)
  if (error instanceof UserError || error instanceof ForbiddenAddress) return false
  const { code } = error as NodeJS.ErrnoException
  return !['ENOSPC', 'EACCES', 'ENOTFOUND', 'ERR_INVALID_URL', 'EDQUOT'].includes(code ?? '')
}

async function pause(
  { pauseMs }: RemoteContext,
  attempt: number,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const asked = error instanceof BadStatus ? error.retryAfter * 1000 : 0
  const wait = Math.min(Math.max(pauseMs * 2 ** (attempt - 1), asked), LONGEST_PAUSE_MS)
  await sleep(wait, undefined, { signal }).catch(() => {
    throw new CancelledError()
  })
}

function finalError(url: string, error: unknown): Error {
  return error instanceof BadStatus ? refusedAnswer(url, error.status) : remoteFailure(url, error)
}

function drop<T>({ body }: RemoteAnswer, result: T): T {
  body.on('error', () => {}).destroy()
  return result
}
