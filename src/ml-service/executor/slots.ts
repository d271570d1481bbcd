import { CancelledError } from '#errors.ts'

/** A fair limit on how many processes run at once: who asked first is served first. */
export function createSlots(count: number): (signal: AbortSignal) => Promise<() => void> {
  let free = Math.max(1, Math.floor(count))
  const waiting = new Set<() => void>()

  function give(): void {
    const [next] = waiting
    if (next) next()
    else free++
  }
  /** A slot is given back once, however often its function is called. */
  function slot(): () => void {
    let held = true
    return () => {
      if (held) give()
      held = false
    }
  }
  return signal => {
    if (signal.aborted) return Promise.reject(new CancelledError())
    if (free > 0) {
      free--
      return Promise.resolve(slot())
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(serve)
        signal.removeEventListener('abort', abort)
      }
      const serve = () => {
        leave()
        resolve(slot())
      }
      const abort = () => {
        leave()
        reject(new CancelledError())
      }
      waiting.add(serve)
      signal.addEventListener('abort', abort)
    })
  }
}
