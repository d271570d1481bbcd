type Listener = (line: string) => void

/** Progress of work that several wait for, told to each of them. */
export function sharedProgress() {
  const listeners = new Map<string, Set<Listener>>()
  return {
    teller(key: string): Listener {
      return line => {
        for (const listener of listeners.get(key) ?? []) listener(line)
      }
    },
    async whileListening<T>(key: string, listener: Listener, work: () => Promise<T>): Promise<T> {
      const here = listeners.get(key) ?? new Set()
      listeners.set(key, here.add(listener))
      try {
        return await work()
      } finally {
        here.delete(listener)
        if (here.size === 0 && listeners.get(key) === here) listeners.delete(key)
      }
    },
  }
}
