import { CancelledError } from '#errors.ts'

/** Takes a slot for an owner; the returned function gives it back. */
export type TakeSlot = (signal: AbortSignal, owner?: string) => Promise<() => void>

/**
 * A limit on how many processes run at once, fair between owners (jobs, runs): they are served in turns, and within one
 * owner who asked first is served first. So a job with a thousand ready steps delays another job by one process.
 */
export function createSlots(count: number): TakeSlot {
  let free = Math.max(1, Math.floor(count))
  const turns = takeTurns<() => void>()

  function give(): void {
    const next = turns.next()
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
  return (signal, owner = '') => {
    if (signal.aborted) return Promise.reject(new CancelledError())
    if (free > 0) {
      free--
      return Promise.resolve(slot())
    }
    return new Promise((resolve, reject) => {
      const serve = () => {
        signal.removeEventListener('abort', abort)
        resolve(slot())
      }
      const abort = () => {
        turns.leave(owner, serve)
        reject(new CancelledError())
      }
      turns.wait(owner, serve)
      signal.addEventListener('abort', abort, { once: true })
    })
  }
}

/** Queues by owner, in the order in which they are served next. */
function takeTurns<T>() {
  const queues = new Map<string, Set<T>>()
  return {
    wait(owner: string, item: T): void {
      const queue = queues.get(owner) ?? new Set()
      queues.set(owner, queue.add(item))
    },
    leave(owner: string, item: T): void {
      const queue = queues.get(owner)
      queue?.delete(item)
      if (queue?.size === 0) queues.delete(owner)
    },
    /** The first item of the owner whose turn it is; that owner is then the last. */
    next(): T | undefined {
      const [turn] = queues
      if (!turn) return undefined
      const [owner, queue] = turn
      const item = queue.values().next().value as T
      queue.delete(item)
      queues.delete(owner)
      if (queue.size > 0) queues.set(owner, queue)
      return item
    },
  }
}
