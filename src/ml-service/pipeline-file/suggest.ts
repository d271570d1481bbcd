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
  const wanted = word.toLowerCase()
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least || candidate.length > MAX_LENGTH) continue
    const distance = editDistance(wanted, candidate.toLowerCase(), least)
    if (distance < least && distance < candidate.length) [best, least] = [candidate, distance]
  }
  return best
}

const MAX_LENGTH = 128

/** Three rows of the distance's table, reused: a large file may have thousands of misspelt names. */
const rows = [0, 1, 2].map(() => new Uint16Array(MAX_LENGTH + 1))

/**
 * Damerau–Levenshtein distance with adjacent transpositions (optimal string alignment); gives up with `limit` as soon
 * as it can't be less.
 */
function editDistance(a: string, b: string, limit: number): number {
  let [before, previous, row] = rows as [Uint16Array, Uint16Array, Uint16Array]
  for (let j = 0; j <= b.length; j++) previous[j] = j
  for (let i = 1; i <= a.length; i++) {
    if (fillRow(i, a, b, before, previous, row) >= limit) return limit
    ;[before, previous, row] = [previous, row, before]
  }
  return previous[b.length]!
}

/** Returns the least value of the row and of the one before it, below which no later row falls. */
function fillRow(
  i: number,
  a: string,
  b: string,
  before: Uint16Array,
  previous: Uint16Array,
  row: Uint16Array,
): number {
  row[0] = i
  let least = Math.min(i, previous[0]!)
  for (let j = 1; j <= b.length; j++) {
    const cost = a[i - 1] === b[j - 1] ? 0 : 1
    let value = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost)
    const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
    if (swapped) value = Math.min(value, before[j - 2]! + 1)
    row[j] = value
    least = Math.min(least, value, previous[j]!)
  }
  return least
}
