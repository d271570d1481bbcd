import { StageFailure } from '#errors.ts'
import type { ValidationLevel } from '#packaging/image.ts'

/** What a level found: a sentence for the report, or why there was nothing to go by. */
export type Finding = string | { notRun: string }

/** Collects levels. Once one has failed (thrown StageFailure), later ones are recorded as not run. */
export function levels() {
  const done: ValidationLevel[] = []
  async function level(name: string, check: () => Promise<Finding>): Promise<void> {
    const failed = done.find(earlier => earlier.status === 'failed')
    if (failed) {
      done.push({ level: name, status: 'not run', seconds: 0, message: `because ${failed.level} failed` })
      return
    }
    const began = performance.now()
    const result = await outcome(check)
    done.push({ level: name, seconds: Math.round(performance.now() - began) / 1000, ...result })
  }
  return { done, level }
}

async function outcome(check: () => Promise<Finding>): Promise<Pick<ValidationLevel, 'status' | 'message'>> {
  try {
    const finding = await check()
    if (typeof finding === 'string') return { status: 'passed', message: finding }
    return { status: 'not run', message: finding.notRun }
  } catch (error) {
    if (!(error instanceof StageFailure)) throw error
    return { status: 'failed', message: error.message }
  }
}
