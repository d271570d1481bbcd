import { setTimeout as sleep } from 'node:timers/promises'
import type { StepReport } from './job.ts'

/** Passes on how steps stand, to whoever keeps it. */
export interface StepRecorder {
  note(step: StepReport): void
  /** Resolves when all that was noted has been kept. Rejects when the last attempt to keep it failed. */
  flush(): Promise<void>
}

/** Long enough for a no-op step to begin and end, short enough for somebody who watches. */
const GATHER_MS = 100

/**
 * Keeps the latest state of each step with few writes: changes that are close to each other are one write, and there
 * is one write at a time. A write that fails is repeated with the next change, at the latest by `flush`.
 */
export function stepRecorder(keep: (steps: StepReport[]) => Promise<void>): StepRecorder {
  const changed = new Map<string, StepReport>()
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    const steps = [...changed.values()]
    changed.clear()
    try {
      if (steps.length > 0) await keep(steps)
    } catch (error) {
      for (const step of steps) if (!changed.has(step.name)) changed.set(step.name, step)
      throw error
    }
  }
  /** What is noted while a write is under way is written after it. */
  async function writeSoon(): Promise<void> {
    let written = true
    while (written && changed.size > 0) {
      await sleep(GATHER_MS)
      written = await write().then(
        () => true,
        () => false,
      )
    }
    writing = undefined
  }
  return {
    note(step) {
      changed.set(step.name, step)
      writing ??= writeSoon()
    },
    async flush() {
      await writing
      await write()
    },
  }
}
