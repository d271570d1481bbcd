import { setTimeout as sleep } from 'node:timers/promises'

/** MLflow's REST API, version 2.0, with patience: while the server is down or restarting, calls wait and try again. */
export interface MlflowClient {
  uri(): Promise<string>
  get<T>(path: string, query: Record<string, string>): Promise<T>
  /** The call may arrive twice when its answer was lost: `onRetry` tells, and the caller makes that harmless. */
  send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object, onRetry?: () => void): Promise<T>
  /** Uploads bytes to a path of the artifact proxy. `body` is called again for each try. */
  upload(path: string, body: () => Promise<UploadBody>): Promise<void>
}

/** Opened anew for each try. */
export type UploadBody = NonNullable<RequestInit['body']>

/** The server's answer is no. `code` is MLflow's, e.g. `RESOURCE_DOES_NOT_EXIST`. */
export class MlflowError extends Error {
  override readonly name = 'MlflowError'
  readonly code: string
  constructor(code: string, message: string) {
    super(`MLflow: ${message} (${code})`)
    this.code = code
  }
}

const PATIENCE_MS = 5 * 60_000
const TIMEOUT_MS = 60_000

/** `uri` resolves when the server has answered for the first time. Gives up after `patienceMs` of silence. */
export function mlflowClient(uri: () => Promise<string>, patienceMs: number = PATIENCE_MS): MlflowClient {
  return { uri, get, send, upload }

  function get<T>(path: string, query: Record<string, string>): Promise<T> {
    return call<T>(`api/2.0/mlflow/${path}?${new URLSearchParams(query)}`, async () => ({}))
  }

  function send<T>(method: string, path: string, body: object, onRetry?: () => void): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    return call<T>(
      `api/2.0/mlflow/${path}`,
      async () => ({ method, headers, body: JSON.stringify(body) }),
      onRetry,
    )
  }

  async function upload(path: string, body: () => Promise<UploadBody>): Promise<void> {
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const address = `api/2.0/mlflow-artifacts/artifacts/${encoded}`
    await call(address, async () => ({ method: 'PUT', body: await body() }))
  }

  async function call<T>(path: string, init: () => Promise<RequestInit>, onRetry?: () => void): Promise<T> {
    const base = (await uri()).replace(/\/$/, '')
    const deadline = Date.now() + patienceMs
    for (let delay = 100; ; delay = Math.min(delay * 2, 5000)) {
      const outcome = await attempt(`${base}/${path}`, await init())
      if ('answer' in outcome) return outcome.answer as T
      if (Date.now() + delay > deadline) throw outcome.failure
      await sleep(delay)
      onRetry?.()
    }
  }
}

/** What to try again is returned; what is final is thrown. */
async function attempt(url: string, init: RequestInit): Promise<{ answer: unknown } | { failure: Error }> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await response.text()
    if (response.ok) return { answer: text === '' ? {} : JSON.parse(text) }
    const error = errorOf(response.status, text)
    if (response.status < 500 && response.status !== 429) throw error
    return { failure: error }
  } catch (error) {
    if (error instanceof MlflowError) throw error
    return { failure: new Error(`MLflow at ${new URL(url).origin} doesn't answer`, { cause: error }) }
  }
}

function errorOf(status: number, text: string): MlflowError {
  try {
    const { error_code, message } = JSON.parse(text)
    return new MlflowError(error_code ?? `HTTP ${status}`, message ?? text)
  } catch {
    return new MlflowError(`HTTP ${status}`, text.slice(0, 200))
  }
}
