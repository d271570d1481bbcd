import type { Lineage } from '#server/documents/explanation.ts'

/** A comparison in one line: `promote (better): f1 0.91 against 0.88 of version 3 …`. */
export function comparisonText(comparison: Lineage['comparison']): string | null {
  if (comparison === null) return null
  const { verdict, reason, explanation, rows } = comparison
  return `${verdict} (${reason}): ${explanation}${rows > 0 ? `, ${rows} rows` : ''}`
}
