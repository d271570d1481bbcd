import type { StepReport } from '#ml-service/job.ts'
import { printable } from './printable.ts'
import { glyph } from './status.ts'
import type { Terminal } from './terminal.ts'
import { took } from './time.ts'

/** Preparing a step is told only when it takes this long, as the first build of a Python environment does. */
const PATIENCE_MS = 1000

/** Tells on stderr what the steps of an ML job do: a line when one starts and when it ends. */
export function stepProgress(terminal: Terminal): (step: StepReport) => void {
  const told = new Map<string, string>()
  const timers = new Map<string, NodeJS.Timeout>()
  return step => {
    if (step.status === 'pending' || told.get(step.name) === step.status) return
    told.set(step.name, step.status)
    clearTimeout(timers.get(step.name))
    const tell = () => terminal.err(`${line(step, terminal)}\n`)
    if (step.status === 'preparing') timers.set(step.name, setTimeout(tell, PATIENCE_MS).unref())
    else tell()
  }
}

function line(step: StepReport, { errColors: colors }: Terminal): string {
  const { name, status, startedAt, endedAt } = step
  const time = endedAt === null ? '' : colors.dim(took(startedAt, endedAt, new Date()))
  const reused = step.reused ? colors.cyan(`reused from ${printable(step.reusedFrom ?? '')}`) : ''
  const said = endedAt === null ? colors.dim(status) : ''
  const error = step.error === null ? '' : colors.red(printable(step.error))
  return [glyph(status, colors), printable(name), said, reused || time, error].filter(Boolean).join(' ')
}
