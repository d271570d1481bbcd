import type { Colors } from './terminal.ts'

export interface Column<T> {
  title: string
  cell: (row: T) => string
  /** Colours the finished cell. */
  paint?: (text: string, row: T) => string
  align?: 'left' | 'right'
  /** Shortened first when the table is too wide. */
  flexible?: boolean
}

const GAP = '  '
const LEAST_FLEXIBLE = 12

/** Aligned columns under their titles; columns that are empty throughout are left out. */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  look: { colors: Colors; columns: number },
  indent = '',
): string {
  const cells = columns.map(column => rows.map(row => oneLine(column.cell(row))))
  const shown = columns
    .map((column, i) => ({ column, cells: cells[i]! }))
    .filter(({ cells }) => cells.some(text => text !== ''))
  const widths = fitted(
    shown.map(({ column, cells }) => ({
      width: Math.max(column.title.length, ...cells.map(width)),
      flexible: column.flexible === true,
    })),
    look.columns - indent.length,
  )
  const titles = shown.map(({ column }, i) =>
    look.colors.dim(pad(column.title.toUpperCase(), widths[i]!, column.align)),
  )
  const lines = rows.map((row, r) =>
    shown.map(({ column, cells }, i) => {
      const text = shorten(cells[r]!, widths[i]!)
      return spaced(column.paint ? column.paint(text, row) : text, widths[i]! - width(text), column.align)
    }),
  )
  return [titles, ...lines].map(line => `${indent}${line.join(GAP).trimEnd()}`).join('\n')
}

/** The text cut to `most` columns, with an ellipsis. */
export function shorten(text: string, most: number): string {
  if (width(text) <= most) return text
  const kept: string[] = []
  let used = 0
  for (const character of text) {
    used += characterWidth(character)
    if (used > most - 1) break
    kept.push(character)
  }
  return `${kept.join('')}…`
}

/** Columns of a terminal that the text takes. */
export function width(text: string): number {
  let columns = 0
  for (const character of text) columns += characterWidth(character)
  return columns
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u

function characterWidth(character: string): number {
  if (character < '\u0300') return 1
  if (/\p{Mark}|\u200b|\u200d/u.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function fitted(columns: { width: number; flexible: boolean }[], available: number): number[] {
  const widths = columns.map(column => column.width)
  let excess = widths.reduce((sum, w) => sum + w + GAP.length, -GAP.length) - available
  columns.forEach((column, i) => {
    if (!column.flexible || excess <= 0) return
    const cut = Math.max(0, Math.min(excess, widths[i]! - LEAST_FLEXIBLE))
    widths[i]! -= cut
    excess -= cut
  })
  return widths
}

function pad(text: string, columns: number, align: Column<unknown>['align']): string {
  return spaced(text, columns - width(text), align)
}

function spaced(text: string, spaces: number, align: Column<unknown>['align']): string {
  const space = ' '.repeat(Math.max(0, spaces))
  return align === 'right' ? `${space}${text}` : `${text}${space}`
}
