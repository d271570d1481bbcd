import { CancelledError } from '#errors.ts'

/** Waits for shared work, but no longer than until the signal is aborted; then throws CancelledError. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw new CancelledError()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new CancelledError())
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
