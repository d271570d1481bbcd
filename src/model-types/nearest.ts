/** The candidate that a misspelt word was probably meant to be, or undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.min(3, Math.max(1, Math.floor(word.length / 3)))
  const ranked = candidates
    .filter(candidate => Math.abs(candidate.length - word.length) <= limit)
    .map(candidate => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits)
  return ranked[0]?.candidate
}

/**
 * Optimal string alignment: insertions, deletions and replacements of a character and swaps of two neighbours.
 * Works on the last 60 characters, which is where paths differ.
 */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.slice(-60), to.slice(-60)]
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let line = 1; line <= a.length; line++) {
    const row = [line]
    for (let column = 1; column <= b.length; column++) {
      const edits = rows[line - 1]![column - 1]! + (a[line - 1] === b[column - 1] ? 0 : 1)
      const swapped = a[line - 1] === b[column - 2] && a[line - 2] === b[column - 1]
      const swap = swapped ? rows[line - 2]![column - 2]! + 1 : edits
      row.push(Math.min(edits, swap, rows[line - 1]![column]! + 1, row[column - 1]! + 1))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
