/** Parameters of a request: the JSON body, or the query. */
export type Fields = Record<string, unknown>
export type Route = (fields: Fields) => object

/** A refusal in MLflow's words. */
export class ProtocolError extends Error {
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}

export function known<T>(found: T | undefined, kind: string, id: unknown): T {
  if (found !== undefined) return found
  throw new ProtocolError('RESOURCE_DOES_NOT_EXIST', `no ${kind} with id or name ${String(id)}`, 404)
}

export function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

/** `[{key, value}]` as a map. */
export function pairs(list: unknown): Map<string, string> {
  return new Map(((list as Fields[] | undefined) ?? []).map(({ key, value }) => [text(key), text(value)]))
}

export function list(values: Map<string, string>): { key: string; value: string }[] {
  return [...values].map(([key, value]) => ({ key, value }))
}
