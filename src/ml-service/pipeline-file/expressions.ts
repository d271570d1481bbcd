/** `${{ … }}` and `$[[ … ]]`: see Azure ML CLI v2, "expression syntax". */

const EXPRESSION = /\$\{\{([^{}]*)\}\}/g
const WHOLE = /^\s*\$\{\{([^{}]*)\}\}\s*$/

/** Each `$[[ … ]]` loses its brackets when every input in it has a value, and disappears otherwise. */
export function decideOptional(command: string, hasValue: (input: string) => boolean): string {
  let result = ''
  let end = 0
  for (const segment of optionalSegments(command)) {
    const inner = command.slice(segment.start + 3, segment.end - 2)
    const kept = expressionsIn(inner).every(one => hasValue(inputName(one.inner) ?? ''))
    result += command.slice(end, segment.start) + (kept ? inner : '')
    end = segment.end
  }
  return result + command.slice(end)
}

export interface Expression {
  /** As written, with braces. */
  text: string
  /** Without braces and surrounding space, e.g. `parent.inputs.x`. */
  inner: string
  /** Stands inside `$[[ … ]]`. */
  optional: boolean
}

/** Every `${{ … }}` of a command or value, in order. */
export function expressionsIn(text: string): Expression[] {
  if (!text.includes('${{')) return []
  const segments = optionalSegments(text)
  return [...text.matchAll(EXPRESSION)].map(match => ({
    text: match[0],
    inner: match[1]!.trim(),
    optional: segments.some(segment => match.index >= segment.start && match.index < segment.end),
  }))
}

/** The expression that is all of the value, without braces; undefined when there is more or less than one. */
export function wholeExpression(text: string): string | undefined {
  return WHOLE.exec(text)?.[1]?.trim()
}

/** True for `${{` that no `}}` closes. */
export function hasUnclosedExpression(text: string): boolean {
  return text.includes('${{') && text.replace(EXPRESSION, '').includes('${{')
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

/** The name in `outputs.name`. */
export function outputName(inner: string): string | undefined {
  return /^outputs\.([\w.-]+)$/.exec(inner)?.[1]
}

function optionalSegments(text: string): { start: number; end: number }[] {
  const segments = []
  for (let end = 0; ; ) {
    const start = text.indexOf('$[[', end)
    const close = start < 0 ? -1 : text.indexOf(']]', start + 3)
    if (close < 0) return segments
    end = close + 2
    segments.push({ start, end })
  }
}
