import type { Colors } from './terminal.ts'

type Paint = 'green' | 'red' | 'yellow' | 'cyan' | 'dim'

const LOOKS: Readonly<Record<string, readonly [string, Paint]>> = {
  succeeded: ['✓', 'green'],
  completed: ['✓', 'green'],
  passed: ['✓', 'green'],
  merged: ['✓', 'green'],
  promoted: ['✓', 'green'],
  repackaged: ['✓', 'green'],
  kept: ['✓', 'yellow'],
  inconclusive: ['✓', 'yellow'],
  invalid: ['✓', 'yellow'],
  reused: ['✓', 'cyan'],
  failed: ['✗', 'red'],
  warning: ['!', 'yellow'],
  running: ['●', 'cyan'],
  preparing: ['●', 'cyan'],
  finalizing: ['●', 'cyan'],
  canceling: ['●', 'yellow'],
  open: ['●', 'cyan'],
  waiting: ['◌', 'cyan'],
  queued: ['○', 'dim'],
  pending: ['○', 'dim'],
  cancelled: ['–', 'yellow'],
  skipped: ['–', 'dim'],
  'not affected': ['–', 'dim'],
  'not run': ['–', 'dim'],
}

/** One character for a status: ✓ done, ✗ failed, ● at work, ◌ waiting, ○ not yet, – not at all. */
export function glyph(status: string, colors: Colors): string {
  return paintStatus(LOOKS[status]?.[0] ?? '·', status, colors)
}

/** The text in the colour of the status. */
export function paintStatus(text: string, status: string, colors: Colors): string {
  return colors[LOOKS[status]?.[1] ?? 'dim'](text)
}
