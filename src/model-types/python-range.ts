/** PEP 440 as far as Python's own versions need it: clauses `op version`, joined by commas. */
const CLAUSE = /^(===?|~=|!=|<=?|>=?|=)?\s*(\d+(?:\.\d+){0,2})(\.\*)?$/

interface Clause {
  operator: string
  version: number[]
  series: boolean
}

/** Whether a text is a Python version (`3.10`, `3.10.4`) or a range of them (`>=3.10,<3.12`). */
export function isPythonRange(range: string): boolean {
  const parts = range.split(',').map(part => part.trim())
  return parts.every(part => Number(CLAUSE.exec(part)?.[2]?.split('.')[0]) === 3)
}

/** Whether the range holds a full version, e.g. `3.10.13`. A bare version means its series: `3.10` is `==3.10.*`. */
export function allowsVersion(range: string, version: string): boolean {
  const numbers = version.split('.').map(Number)
  return clausesOf(range).every(clause => holds(clause, numbers))
}

/** Whether the range holds any version of a minor, e.g. `3.10`. */
export function allowsMinor(range: string, minor: string): boolean {
  const named = clausesOf(range).map(({ version }) => version[2] ?? 0)
  const patches = new Set([0, 99, ...named.flatMap(patch => [patch - 1, patch, patch + 1])])
  return [...patches].some(patch => patch >= 0 && allowsVersion(range, `${minor}.${patch}`))
}

/** `3.10` of `3.10.13`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/** Orders `3.9` before `3.10`. */
export function compareVersions(a: string, b: string): number {
  return compare(a.split('.').map(Number), b.split('.').map(Number))
}

function clausesOf(range: string): Clause[] {
  return range.split(',').map(part => {
    const [, operator = '', version = '', star] = CLAUSE.exec(part.trim()) ?? []
    const numbers = version.split('.').map(Number)
    const bare = (operator === '' || operator === '=') && numbers.length < 3
    return { operator: operator || '==', version: numbers, series: star !== undefined || bare }
  })
}

function holds({ operator, version, series }: Clause, candidate: number[]): boolean {
  const order = compare(candidate, version)
  const inSeries = version.every((number, index) => candidate[index] === number)
  if (operator === '~=') return order >= 0 && version.slice(0, -1).every((n, i) => candidate[i] === n)
  if (operator === '!=') return series ? !inSeries : order !== 0
  if (operator === '>=') return order >= 0
  if (operator === '>') return order > 0
  if (operator === '<=') return order <= 0
  if (operator === '<') return order < 0
  return series ? inSeries : order === 0
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
