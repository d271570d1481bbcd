import { join } from 'node:path'
import type { TrackedRun } from '#ports/tracking.ts'
import type { WarmUse } from '#ports/warm-python.ts'
import type { PlannedStep } from '../plan.ts'
import type { JobContext } from './job-context.ts'
import type { StepPython } from './prepare-python.ts'
import { startEnvironment } from './process-environment.ts'

/** Gets a preloaded Python ready for a step that will use one; the more was imported until it runs, the better. */
export async function warmUp(
  job: JobContext,
  step: PlannedStep,
  python: StepPython,
  run: TrackedRun | undefined,
): Promise<WarmUse | undefined> {
  if (!job.warmPython || !usesPython(step) || python.isOverlay) return undefined
  const env = startEnvironment(job, step, python.folder, run)
  const later = job.request.plan.steps.slice(job.request.plan.steps.indexOf(step))
  return job.warmPython.use({ environment: python.folder, env, code: [...new Set(later.flatMap(programs))] })
}

/** Puts the preloaded Python before the environment's own; a PATH that leads elsewhere is left alone. */
export function withWarm(
  env: Record<string, string>,
  python: string,
  warm: WarmUse | undefined,
): Record<string, string> {
  const bin = join(python, 'bin')
  if (!warm || env.PATH?.split(':')[0] !== bin) return env
  return { ...env, PATH: `${warm.folder}:${env.PATH}` }
}

function usesPython({ command }: PlannedStep): boolean {
  return /python|\.sh\b|\bmake\b/.test(command)
}

/** The Python files that a command names. */
function programs({ command, code }: PlannedStep): string[] {
  if (code === undefined) return []
  const named = command.match(/[\w./-]+\.py\b/g) ?? []
  return named.map(file => join(code, file))
}
