import { latestPoint, type RecordedRun } from './recorded-runs.ts'
import { ProtocolError } from './recorder-protocol.ts'

const CONDITION =
  /^\s*(?:(tags?|params?|metrics?|attributes?)\.)?(?:`([^`]+)`|"([^"]+)"|([\w./-]+))\s*(!=|<=|>=|=|<|>)\s*(?:'([^']*)'|"([^"]*)"|(-?[\d.eE+-]+))\s*$/

/** Whether a run fulfils a search filter: conditions joined by `and`. Throws ProtocolError for any other filter. */
export function runMatches(run: RecordedRun, filter: string): boolean {
  if (filter.trim() === '') return true
  return filter.split(/\s+and\s+/i).every(condition => holds(run, condition))
}

/** Latest start first, or as `order_by` says (`metrics.f1 DESC`, `attributes.start_time`). */
export function orderRuns(runs: RecordedRun[], orderBy: string[]): RecordedRun[] {
  const orders = [...orderBy, 'attributes.start_time DESC'].map(toOrder)
  const compare = (a: RecordedRun, b: RecordedRun) => {
    for (const { kind, key, sign } of orders) {
      const order = sign * compareValues(fieldOf(a, kind, key), fieldOf(b, kind, key))
      if (order !== 0) return order
    }
    return 0
  }
  return [...runs].reverse().sort(compare)
}

function holds(run: RecordedRun, condition: string): boolean {
  const match = CONDITION.exec(condition)
  if (!match) throw new ProtocolError('INVALID_PARAMETER_VALUE', `filter not understood: ${condition}`, 400)
  const [, kind = 'attributes', ticked, quoted, plain, operator = '=', single, double, number] = match
  const actual = fieldOf(run, kind, ticked ?? quoted ?? plain ?? '')
  const expected = number === undefined ? (single ?? double ?? '') : Number(number)
  if (actual === undefined) return false
  const order = compareValues(actual, expected)
  const results = {
    '=': order === 0,
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }
  return results[operator as keyof typeof results]
}

function fieldOf(run: RecordedRun, kind: string, key: string): string | number | undefined {
  if (kind.startsWith('tag')) return run.tags.get(key)
  if (kind.startsWith('param')) return run.params.get(key)
  if (kind.startsWith('metric')) return latestPoint(run.metrics.get(key) ?? [])?.value
  const attributes: Record<string, string | number | undefined> = {
    run_id: run.id,
    run_name: run.name,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
  }
  return attributes[key]
}

function toOrder(text: string): { kind: string; key: string; sign: number } {
  const match = /^\s*(?:(\w+)\.)?[`"]?([^`"\s]+)[`"]?(?:\s+(asc|desc))?\s*$/i.exec(text)
  const sign = match?.[3]?.toLowerCase() === 'desc' ? -1 : 1
  return { kind: match?.[1] ?? 'attributes', key: match?.[2] ?? '', sign }
}

function compareValues(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (a === b) return 0
  return String(a ?? '') < String(b ?? '') ? -1 : 1
}
