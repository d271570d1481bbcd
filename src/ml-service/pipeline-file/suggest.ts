/** `did you mean 'x'?` for the nearest of the known words, or undefined when none is near. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const near = nearest(word, known)
  return near === undefined ? undefined : `did you mean '${near}'?`
}

/** {@link didYouMean}, or else the list of what there is (at most ten). */
export function didYouMeanOneOf(word: string, known: Iterable<string>, what: string): string | undefined {
  const all = [...known]
  const shown = all.length > 10 ? [...all.slice(0, 10), '…'] : all
  return didYouMean(word, all) ?? (all.length ? `${what}: ${shown.join(', ')}` : undefined)
}

/** The known word with the least edit distance, if at most a third of the letters (and at least 2 edits) differ. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least || candidate.length > 128) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least && distance < candidate.length) [best, least] = [candidate, distance]
  }
  return best
}

/** Damerau–Levenshtein distance with adjacent transpositions (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}
