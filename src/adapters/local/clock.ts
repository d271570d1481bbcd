import { setTimeout } from 'node:timers/promises'
import type { Clock } from '#ports/clock.ts'

/** The machine's own clock. */
export function systemClock(): Clock {
  return {
    now: () => new Date(),
    sleep: async (seconds, signal) => {
      await setTimeout(seconds * 1000, undefined, signal ? { signal } : {})
    },
  }
}
