/** Waiting for changes of runs. Other processes' changes aren't told here, so it also wakes every two seconds. */
export interface Changes {
  /** Resolves after the next change; at once when there was one since the last call. */
  next(): Promise<void>
  close(): void
}

const LOOK_SECONDS = 2
/** Many changes at once are one. */
const GATHER_MS = 20

export function changes(subscribe: (listener: (run: string) => void) => () => void): Changes {
  let changed = false
  let wake = () => {}
  const unsubscribe = subscribe(() => {
    changed = true
    wake()
  })
  return {
    async next() {
      if (!changed) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, LOOK_SECONDS * 1000)
          wake = () => {
            clearTimeout(timer)
            setTimeout(resolve, GATHER_MS)
          }
        })
      }
      changed = false
    },
    close() {
      unsubscribe()
      wake()
    },
  }
}
