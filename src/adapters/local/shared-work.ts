import { CancelledError } from '#errors.ts'

/**
 * Work that several callers want at once is done once per key. A caller who gives up gets CancelledError at once; the
 * work itself is stopped when nobody waits for it any more.
 */
export function sharedWork<T>() {
  const current = new Map<string, { result: Promise<T>; waiting: number; stop: AbortController }>()

  function begin(key: string, work: (signal: AbortSignal) => Promise<T>) {
    const stop = new AbortController()
    const entry = { result: work(stop.signal), waiting: 0, stop }
    const forget = () => void (current.get(key) === entry && current.delete(key))
    entry.result.then(forget, forget)
    current.set(key, entry)
    return entry
  }
  return async (
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    if (signal?.aborted) throw new CancelledError()
    const entry = current.get(key) ?? begin(key, work)
    entry.waiting++
    let giveUp = () => {}
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => {
        if (--entry.waiting === 0) {
          current.delete(key)
          entry.stop.abort()
        }
        reject(new CancelledError())
      }
    })
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      return await Promise.race([entry.result, aborted])
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }
}
