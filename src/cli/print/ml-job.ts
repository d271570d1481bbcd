import type { JobReport } from '#ml-service/job.ts'
import type {
  MlJobDocument,
  MlJobSummary,
  MlStepDocument,
  MlTrialDocument,
} from '#server/documents/ml-job.ts'
import { facts } from './facts.ts'
import type { Look, View } from './show.ts'
import { glyph, paintStatus } from './status.ts'
import { table } from './table.ts'
import { ago, took } from './time.ts'

/** What came of a job that ran here: the steps themselves were told as they ran. */
export const jobResult: View<JobReport> = (job, look) => {
  const { colors } = look
  const title = `${glyph(job.status, colors)} ${colors.bold(job.job)} ${paintStatus(job.status, job.status, colors)}`
  const failed = job.steps.filter(step => step.status === 'failed')
  const failures = failed.map(
    step => `  ${colors.red(step.error ?? 'failed')}\n  ${colors.dim(`see ${step.log}`)}`,
  )
  const error = failed.length === 0 && job.error !== null ? [`  ${colors.red(job.error)}`] : failures
  const trials = trialTables(job.steps, look)
  const unregistered = (job.assets ?? []).map(
    ({ name, output }) =>
      `  ${colors.yellow(`not registered: dataset ${name}, from output ${output}; the ML service of a server does that`)}`,
  )
  return [title, ...error, ...trials, facts(Object.entries(job.outputs), look), ...unregistered]
    .filter(Boolean)
    .join('\n')
}

/** A job of the server, with its steps. */
export const jobView: View<MlJobDocument> = (job, look) => {
  const { colors, now } = look
  const title = `${glyph(job.status, colors)} ${colors.bold(job.job)}  ${paintStatus(job.status, job.status, colors)}`
  const about = facts(
    [
      ['message', job.message === job.status ? null : job.message],
      ['model', job.model && `${job.model.name}:${job.model.version}`],
      [
        'registered',
        Object.entries(job.registered)
          .map(([output, name]) => `${name} (${output})`)
          .join('\n'),
      ],
      ['pipeline', pipelineOf(job)],
      ['attempt', job.attempts.length > 1 ? attemptsOf(job) : null],
      ['run', job.run],
      [
        'began',
        [ago(job.startedAt, now), took(job.startedAt, job.endedAt, now)].filter(Boolean).join(', took '),
      ],
      ['tracking', job.tracking && `${job.tracking.uri} run ${job.tracking.runId}`],
      ...Object.entries(job.metrics).map(([name, value]) => [name, value] as const),
    ],
    look,
  )
  const tables = [stepTable(job.steps, look), ...trialTables(job.steps, look)]
  return [title, about, ...tables].filter(Boolean).join('\n\n')
}

export const jobTable: View<MlJobSummary[]> = (jobs, look) => {
  if (jobs.length === 0) return look.colors.dim('no ML jobs')
  const { colors, now } = look
  return table(
    jobs,
    [
      { title: ' ', cell: () => '·', paint: (_, job) => glyph(job.status, colors) },
      { title: 'job', cell: job => job.job, paint: text => colors.bold(text) },
      {
        title: 'status',
        cell: job => job.status,
        paint: (text, job) => paintStatus(text, job.status, colors),
      },
      { title: 'model', cell: job => (job.model ? `${job.model.name}:${job.model.version}` : '') },
      { title: 'steps', cell: job => progressOf(job), align: 'right' },
      { title: 'began', cell: job => ago(job.startedAt ?? job.createdAt, now) },
      { title: 'took', cell: job => took(job.startedAt, job.endedAt, now), align: 'right' },
      { title: 'message', cell: job => job.message, paint: text => colors.dim(text), flexible: true },
    ],
    look,
  )
}

/** A table for each sweep, of its trials. */
function trialTables(steps: MlStepDocument[], look: Look): string[] {
  return steps.flatMap(({ name, trials }) => {
    return trials?.length ? [`${look.colors.dim('trials of')} ${name}\n${trialTable(trials, look)}`] : []
  })
}

function trialTable(trials: MlTrialDocument[], look: Look): string {
  const { colors, now } = look
  const names = [...new Set(trials.flatMap(({ values }) => Object.keys(values)))]
  return table(
    trials,
    [
      { title: ' ', cell: () => '·', paint: (_, trial) => glyph(trial.status, colors) },
      { title: 'trial', cell: trial => String(trial.trial), align: 'right' },
      ...names.map(name => ({ title: name, cell: (trial: MlTrialDocument) => trial.values[name] ?? '' })),
      { title: 'metric', cell: trial => (trial.metric === null ? '' : String(trial.metric)) },
      { title: 'best', cell: trial => (trial.best ? 'best' : ''), paint: text => colors.green(text) },
      { title: 'took', cell: trial => took(trial.startedAt, trial.endedAt, now), align: 'right' },
      { title: 'message', cell: trial => trial.message ?? '', flexible: true },
    ],
    look,
    '  ',
  )
}

function stepTable(steps: MlStepDocument[], look: Look): string {
  const { colors, now } = look
  if (steps.length === 0) return ''
  return table(
    steps,
    [
      { title: ' ', cell: () => '·', paint: (_, step) => glyph(step.status, colors) },
      { title: 'step', cell: step => step.name },
      { title: 'took', cell: step => took(step.startedAt, step.endedAt, now), align: 'right' },
      { title: 'reused from', cell: step => step.reusedFrom ?? '', paint: text => colors.cyan(text) },
      { title: 'error', cell: step => step.error ?? '', paint: text => colors.red(text), flexible: true },
      { title: 'log', cell: step => step.log, paint: text => colors.dim(text) },
    ],
    look,
  )
}

function pipelineOf({ pipeline: { name, version } }: MlJobSummary): string {
  return version === null ? name : `${name}:${version}`
}

/** The present attempt, and why those before ended. */
function attemptsOf({ attempts }: MlJobSummary): string {
  const earlier = attempts
    .slice(0, -1)
    .map(({ number, status, message }) => `${number}: ${status}, ${message}`)
  return [String(attempts.length), ...earlier].join('\n')
}

/** Completed steps of all. */
function progressOf({ stepCounts }: MlJobSummary): string {
  const all = Object.values(stepCounts).reduce((sum, count) => sum + count, 0)
  return all === 0 ? '' : `${stepCounts.completed ?? 0}/${all}`
}
