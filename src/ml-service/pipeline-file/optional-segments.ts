/** One `$[[ … ]]` of a command; offsets of its first character and behind its last one. */
export interface OptionalSegment {
  start: number
  end: number
  /** The segment around this one. */
  outer: OptionalSegment | undefined
}

/** Every closed `$[[ … ]]`, by start; `]]` closes the innermost open one. What is never closed is plain text. */
export function optionalSegments(text: string): OptionalSegment[] {
  return pairedSegments(text).closed
}

/** Offset of the first `$[[` that no `]]` closes; -1 for none. */
export function unclosedSegment(text: string): number {
  return text.includes('$[[') ? (pairedSegments(text).open[0]?.start ?? -1) : -1
}

function pairedSegments(text: string): { open: OptionalSegment[]; closed: OptionalSegment[] } {
  const open: OptionalSegment[] = []
  const closed: OptionalSegment[] = []
  for (const { index, 0: mark } of text.matchAll(/\$\[\[|\]\]/g)) {
    if (mark === '$[[') open.push({ start: index, end: index, outer: undefined })
    else {
      const segment = open.pop()
      if (segment) closed.push(Object.assign(segment, { end: index + 2 }))
    }
  }
  return { open, closed: nested(closed.sort((a, b) => a.start - b.start)) }
}

/** The innermost of the segments (by start) that each of these offsets (ascending) stands in. */
export function innermost(segments: OptionalSegment[], offsets: number[]): (OptionalSegment | undefined)[] {
  let next = 0
  let current: OptionalSegment | undefined
  return offsets.map(offset => {
    while (next < segments.length && segments[next]!.start <= offset) current = segments[next++]
    while (current && current.end <= offset) current = current.outer
    return current
  })
}

function nested(segments: OptionalSegment[]): OptionalSegment[] {
  const around: OptionalSegment[] = []
  for (const segment of segments) {
    while (around.length && around.at(-1)!.end <= segment.start) around.pop()
    segment.outer = around.at(-1)
    around.push(segment)
  }
  return segments
}
