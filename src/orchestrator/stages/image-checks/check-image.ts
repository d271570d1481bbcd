import { CancelledError } from '#errors.ts'
import type { ValidationReport } from '#packaging/image.ts'
import type { GoldenRequest, Signature } from '#packaging/inference.ts'
import type { ImageEngine, RunningImage } from '#ports/image-engine.ts'
import { checkBadInput } from './bad-input.ts'
import { checkGolden } from './golden.ts'
import { levels } from './levels.ts'
import { type ServedIdentity, type Service, serviceAt } from './service.ts'
import { checkIdentity, checkReady, checkStarts, checkStops } from './service-checks.ts'
import { checkStatic } from './static-checks.ts'

export interface ImageCheck {
  engine: ImageEngine
  /** Folder of the OCI image layout. */
  layout: string
  /** What the service must answer; null when the ML pipeline recorded nothing. */
  golden: readonly GoldenRequest[] | null
  /** The registry's chosen version: what the image must serve. */
  model: ServedIdentity
  signature: Signature
  budgets?: Partial<Budgets>
  /** File that gets the service's output. */
  log: string
  signal?: AbortSignal
}

/** Seconds that each may take. */
export interface Budgets {
  start: number
  ready: number
  request: number
  stop: number
}

const BUDGETS: Budgets = { start: 30, ready: 60, request: 30, stop: 10 }

/**
 * Examines an image level by level: its files, then the service that runs from them. After the first level that
 * fails the others are `not run`. The service is always stopped. Throws CancelledError when `signal` is aborted;
 * what is wrong with the image is never thrown but in the report.
 */
export async function checkImage(check: ImageCheck): Promise<ValidationReport> {
  const report = levels()
  const running: { image?: RunningImage } = {}
  try {
    await report.level('S0 static', () => checkStatic(check.layout, check.model))
    await checkRunning(check, report, running)
  } catch (error) {
    if (check.signal?.aborted) throw new CancelledError()
    throw error
  } finally {
    await running.image?.stop(0).catch(() => {})
  }
  if (check.signal?.aborted) throw new CancelledError()
  return { engine: check.engine.name, levels: report.done }
}

async function checkRunning(
  check: ImageCheck,
  report: ReturnType<typeof levels>,
  running: { image?: RunningImage },
): Promise<void> {
  const { engine, layout, golden, model, signature, log, signal } = check
  const budgets = { ...BUDGETS, ...check.budgets }
  const service = (): Service => serviceAt(running.image!, { seconds: budgets.request, log, signal })
  await report.level('S1 starts', async () => {
    running.image = await engine.start(layout, { env: {}, log, signal })
    return checkStarts(service(), budgets.start)
  })
  await report.level('S3 ready', () => checkReady(service(), budgets.ready))
  await report.level('S4 identity', () => checkIdentity(service(), model, signature))
  await report.level('S5 golden parity', () => checkGolden(service(), model.name, golden))
  await report.level('S6 bad input', () => checkBadInput(service(), model.name, signature, golden))
  await report.level('S8 stop', () => checkStops(running.image!, budgets.stop))
}
