/** Remembers the results of `work` by key, also while it is still under way; a failure is remembered too. */
export function once<Arguments extends unknown[], Result>(
  work: (...args: Arguments) => Promise<Result>,
  key: (...args: Arguments) => string,
): (...args: Arguments) => Promise<Result> {
  const results = new Map<string, Promise<Result>>()
  return (...args) => {
    const name = key(...args)
    const known = results.get(name)
    if (known) return known
    const result = work(...args)
    result.catch(() => {})
    results.set(name, result)
    return result
  }
}
