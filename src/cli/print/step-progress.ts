import type { StepReport, TrialReport } from '#ml-service/job.ts'
import { printable } from './printable.ts'
import { glyph } from './status.ts'
import type { Terminal } from './terminal.ts'
import { took } from './time.ts'

/** Preparing a step is told only when it takes this long, as the first build of a Python environment does. */
const PATIENCE_MS = 1000

/** Tells on stderr what the steps of an ML job do: a line when one starts and when it ends, and how environments are built. */
export function stepProgress(terminal: Terminal): (step: StepReport) => void {
  const told = new Map<string, string>()
  const progress = new Map<string, string>()
  const timers = new Map<string, NodeJS.Timeout>()
  const tellTrials = trialProgress(terminal)
  return step => {
    tellTrials(step)
    if (step.progress && progress.get(step.name) !== step.progress) {
      progress.set(step.name, step.progress)
      terminal.err(`${progressLine(step.name, step.progress, terminal)}\n`)
    }
    if (step.status === 'pending' || told.get(step.name) === step.status) return
    told.set(step.name, step.status)
    clearTimeout(timers.get(step.name))
    const tell = () => terminal.err(`${line(step, terminal)}\n`)
    if (step.status === 'preparing') timers.set(step.name, setTimeout(tell, PATIENCE_MS).unref())
    else tell()
  }
}

function progressLine(name: string, progress: string, { errColors: colors }: Terminal): string {
  return `${glyph('preparing', colors)} ${printable(name)} ${colors.dim(printable(progress))}`
}

const ENDED = new Set(['completed', 'failed', 'cancelled'])

/** A line for every trial that has ended, unless it was reported with the ended step all at once. */
function trialProgress(terminal: Terminal): (step: StepReport) => void {
  const told = new Set<string>()
  return ({ name, status, trials = [] }) => {
    if (status !== 'preparing' && status !== 'running') return
    for (const trial of trials.filter(one => ENDED.has(one.status) && !told.has(`${name} ${one.trial}`))) {
      told.add(`${name} ${trial.trial}`)
      terminal.err(`${trialLine(name, trial, terminal)}\n`)
    }
  }
}

function trialLine(step: string, report: TrialReport, { errColors: colors }: Terminal): string {
  const { trial, status, values, metric, message, startedAt, endedAt } = report
  const given = Object.entries(values).map(([name, value]) => printable(`${name}=${value}`))
  const time = colors.dim(took(startedAt, endedAt, new Date()))
  const result = metric === null ? '' : String(metric)
  const said = message === null ? '' : colors.dim(printable(message))
  const name = `${printable(step)} trial ${trial}`
  return [glyph(status, colors), name, colors.dim(given.join(' ')), result, time, said]
    .filter(Boolean)
    .join(' ')
}

function line(step: StepReport, { errColors: colors }: Terminal): string {
  const { name, status, startedAt, endedAt } = step
  const time = endedAt === null ? '' : colors.dim(took(startedAt, endedAt, new Date()))
  const reused = step.reused ? colors.cyan(`reused from ${printable(step.reusedFrom ?? '')}`) : ''
  const said = endedAt === null ? colors.dim(status) : ''
  const error = step.error === null ? '' : colors.red(printable(step.error))
  return [glyph(status, colors), printable(name), said, reused || time, error].filter(Boolean).join(' ')
}
