import { innermost, type OptionalSegment, optionalSegments } from './optional-segments.ts'

/** `${{ … }}` and `$[[ … ]]`: see Azure ML CLI v2, "expression syntax". */

const EXPRESSION = /\$\{\{([^{}]*)\}\}/g
const WHOLE = /^\s*\$\{\{([^{}]*)\}\}\s*$/

/**
 * Each `$[[ … ]]` loses its brackets when every input in it has a value, and disappears otherwise. A segment in another
 * one is decided by itself, and goes with the outer one.
 */
export function decideOptional(command: string, hasValue: (input: string) => boolean): string {
  const segments = optionalSegments(command)
  if (segments.length === 0) return command
  const dropped = new Set<number>()
  for (const { inner, segment } of expressionsIn(command)) {
    if (segment && !hasValue(inputName(inner) ?? '')) dropped.add(segment.start)
  }
  return withoutMarks(command, segments, dropped)
}

function withoutMarks(command: string, segments: OptionalSegment[], dropped: Set<number>): string {
  const cuts = segments.flatMap(segment => {
    if (dropped.has(segment.start)) return [{ from: segment.start, to: segment.end }]
    return [
      { from: segment.start, to: segment.start + 3 },
      { from: segment.end - 2, to: segment.end },
    ]
  })
  let result = ''
  let end = 0
  for (const { from, to } of cuts.sort((a, b) => a.from - b.from)) {
    if (from > end) result += command.slice(end, from)
    end = Math.max(end, to)
  }
  return result + command.slice(end)
}

export interface Expression {
  /** As written, with braces. */
  text: string
  /** Without braces and surrounding space, e.g. `parent.inputs.x`. */
  inner: string
  /** Offset in the text. */
  index: number
  /** The innermost `$[[ … ]]` around it. */
  segment: OptionalSegment | undefined
}

/** Every `${{ … }}` of a command or value, in order. */
export function expressionsIn(text: string): Expression[] {
  if (!text.includes('${{')) return []
  const matches = [...text.matchAll(EXPRESSION)]
  const segments = text.includes('$[[') ? optionalSegments(text) : []
  const inside = innermost(
    segments,
    matches.map(match => match.index),
  )
  return matches.map((match, i) => ({
    text: match[0],
    inner: match[1]!.trim(),
    index: match.index,
    segment: inside[i],
  }))
}

/** The expression that is all of the value, without braces; undefined when there is more or less than one. */
export function wholeExpression(text: string): string | undefined {
  return WHOLE.exec(text)?.[1]?.trim()
}

/** Offset of the first `${{` that no `}}` closes; -1 for none. */
export function unclosedExpression(text: string): number {
  if (!text.includes('${{')) return -1
  return text.replace(EXPRESSION, one => ' '.repeat(one.length)).indexOf('${{')
}

/** Offset of the first `$[[` that no `]]` closes; -1 for none. */
export function unclosedSegment(text: string): number {
  const last = text.lastIndexOf('$[[')
  return last >= 0 && !text.includes(']]', last) ? last : -1
}

/** The text with each expression replaced; undefined as soon as one has no replacement. */
export function interpolate(
  text: string,
  replacement: (inner: string) => string | undefined,
): string | undefined {
  let complete = true
  const result = text.replace(EXPRESSION, (_, inner: string) => {
    const value = replacement(inner.trim())
    complete &&= value !== undefined
    return value ?? ''
  })
  return complete ? result : undefined
}

/** What a node's value points at. */
export type Binding =
  | { to: 'parent-input'; name: string }
  | { to: 'parent-output'; name: string }
  | { to: 'step-output'; step: string; name: string }
  | { to: 'step-input'; step: string; name: string }

/** Parses `parent.inputs.x`, `parent.outputs.y`, `parent.jobs.s.outputs.o` and `parent.jobs.s.inputs.i`. */
export function parseBinding(inner: string): Binding | undefined {
  const own = /^parent\.(inputs|outputs)\.([\w.-]+)$/.exec(inner)
  if (own) return { to: own[1] === 'inputs' ? 'parent-input' : 'parent-output', name: own[2]! }
  const step = /^parent\.jobs\.([\w-]+)\.(inputs|outputs)\.([\w.-]+)$/.exec(inner)
  if (!step) return undefined
  return { to: step[2] === 'inputs' ? 'step-input' : 'step-output', step: step[1]!, name: step[3]! }
}

/** The name in `inputs.name`. */
export function inputName(inner: string): string | undefined {
  return /^inputs\.([\w.-]+)$/.exec(inner)?.[1]
}

/** The name in `search_space.name`. */
export function searchedName(inner: string): string | undefined {
  return /^search_space\.([\w.-]+)$/.exec(inner)?.[1]
}

/** The name in `outputs.name`. */
export function outputName(inner: string): string | undefined {
  return /^outputs\.([\w.-]+)$/.exec(inner)?.[1]
}
