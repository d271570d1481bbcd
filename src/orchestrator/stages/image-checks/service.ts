import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { StageFailure } from '#errors.ts'
import type { RunningImage } from '#ports/image-engine.ts'

/** The model version that the image must serve. */
export interface ServedIdentity {
  name: string
  version: number
  digest: string
}

/** The running service, as the checks talk to it. */
export interface Service {
  /** Sends JSON (or `body` as it is, when a text) with POST, or GET without a body. Throws StageFailure when nothing answers. */
  call(path: string, body?: unknown): Promise<Answer>
  /** Asks again and again until it answers 200. Throws StageFailure when the time is over or the process has ended. */
  waitFor(path: string, seconds: number): Promise<void>
}

export interface Answer {
  status: number
  /** The parsed document; undefined when it isn't JSON. */
  document: unknown
  text: string
}

/** `seconds` bounds each request; `log` is read for the reason when the process ends by itself. */
export function serviceAt(
  image: RunningImage,
  options: { seconds: number; log: string; signal?: AbortSignal },
): Service {
  const ended = image.exited.then(code => ({ code }))
  ended.catch(() => {})
  const call = (path: string, body?: unknown) => request(new URL(path, image.url), body, options)
  async function waitFor(path: string, seconds: number): Promise<void> {
    const deadline = performance.now() + seconds * 1000
    let last = 'no answer'
    for (let wait = 10; performance.now() < deadline; wait = Math.min(wait * 1.5, 250)) {
      const answer = await call(path).catch(asStageFailure)
      if (!(answer instanceof StageFailure) && answer.status === 200) return
      last = answer instanceof StageFailure ? answer.message : `${answer.status}`
      const end = await Promise.race([ended, pause(wait, undefined, { signal: options.signal })])
      if (end)
        throw new StageFailure(`the service ended with exit code ${end.code}: ${await lastLine(options.log)}`)
    }
    throw new StageFailure(`${path} did not answer 200 within ${seconds} s (last: ${last})`)
  }
  return { call, waitFor }
}

async function request(
  url: URL,
  body: unknown,
  { seconds, signal }: { seconds: number; signal?: AbortSignal },
): Promise<Answer> {
  const limit = AbortSignal.timeout(seconds * 1000)
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
      redirect: 'manual',
    })
    return answerOf(response.status, await response.text())
  } catch (cause) {
    signal?.throwIfAborted()
    throw new StageFailure(
      limit.aborted ? `${url.pathname} did not answer within ${seconds} s` : noAnswer(url, cause),
    )
  }
}

function answerOf(status: number, text: string): Answer {
  try {
    return { status, text, document: JSON.parse(text) }
  } catch {
    return { status, text, document: undefined }
  }
}

function noAnswer(url: URL, error: unknown): string {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
  return `${url.pathname} was not answered: ${cause?.code ?? (error as Error).message}`
}

function asStageFailure(error: unknown): StageFailure {
  if (error instanceof StageFailure) return error
  throw error
}

const SHOWN = 300

async function lastLine(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').at(-1)?.slice(0, SHOWN) || 'it wrote nothing'
}
