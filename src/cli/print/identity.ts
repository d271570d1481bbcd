/** The first digits of a commit. */
export function shortCommit(commit: string): string {
  return /^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, 8) : commit
}

/** A digest with the first digits only: `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  return digest.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1')
}

/** Bytes as people say them: `812 B`, `3.4 MB`. */
export function size(bytes: number): string {
  const unit = UNITS.findLast(([, least]) => bytes >= least)
  if (!unit) return `${bytes} B`
  const value = bytes / unit[1]
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit[0]}`
}

const UNITS: readonly (readonly [string, number])[] = [
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
]
