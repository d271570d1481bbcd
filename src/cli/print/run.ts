import type { RunDocument, StageDocument } from '#server/documents/run.ts'
import { facts } from './facts.ts'
import { shortCommit } from './identity.ts'
import type { Look, View } from './show.ts'
import { glyph, paintStatus } from './status.ts'
import { shorten, table, width } from './table.ts'
import { ago, took } from './time.ts'

/** How a run ended or stands: its outcome says more than its status. */
export function standing(run: Pick<RunDocument, 'status' | 'outcome'>): string {
  return run.outcome ?? run.status
}

/** A table of runs. */
export const runTable: View<RunDocument[]> = (runs, look) => {
  if (runs.length === 0) return look.colors.dim('no runs')
  const { colors, now } = look
  const columns = [
    {
      title: ' ',
      cell: () => '·',
      paint: (_: string, run: RunDocument) => glyph(standing(run), colors),
    },
    { title: 'run', cell: (run: RunDocument) => run.id, paint: colors.bold },
    { title: 'model type', cell: (run: RunDocument) => run.modelType },
    {
      title: 'status',
      cell: standing,
      paint: (text: string, run: RunDocument) => paintStatus(text, standing(run), colors),
    },
    { title: 'trigger', cell: (run: RunDocument) => run.trigger },
    { title: 'branch', cell: (run: RunDocument) => run.branch },
    { title: 'commit', cell: (run: RunDocument) => shortCommit(run.commit) },
    { title: 'began', cell: (run: RunDocument) => ago(run.startedAt ?? run.createdAt, now) },
    {
      title: 'took',
      cell: (run: RunDocument) => took(run.startedAt, run.endedAt, now),
      align: 'right' as const,
    },
    { title: 'reason', cell: (run: RunDocument) => run.reason ?? '', paint: colors.dim, flexible: true },
  ]
  return table(runs, columns, look)
}

/** One run with its stages. */
export const runView: View<RunDocument> = (run, look) => {
  const { colors, now } = look
  const status = paintStatus(standing(run), standing(run), colors)
  const title = `${glyph(standing(run), colors)} ${colors.bold(run.id)}  ${run.modelType}  ${status}`
  const about = facts(
    [
      ['trigger', run.trigger],
      ['reason', run.reason],
      ['commit', `${shortCommit(run.commit)} on ${run.branch} of ${run.repository}`],
      ['environment', run.environment],
      ['dataset', run.dataset],
      [
        'began',
        [ago(run.startedAt, now), took(run.startedAt, run.endedAt, now)].filter(Boolean).join(', took '),
      ],
    ],
    look,
  )
  return [title, about, stageList(run, look), failureHint(run, look)].filter(Boolean).join('\n\n')
}

function stageList(run: RunDocument, look: Look): string {
  const widest = Math.max(...run.stages.map(stage => stage.name.length))
  return run.stages.flatMap(stage => stageLines(stage, widest, look)).join('\n')
}

function stageLines(stage: StageDocument, widest: number, look: Look): string[] {
  const { colors, now } = look
  const began = stage.status === 'skipped' ? null : stage.startedAt
  const time = took(began, stage.endedAt, now).padStart(12)
  const tries = stage.attempts > 1 ? `attempt ${stage.attempts}` : ''
  const said = [stage.summary ?? '', tries].filter(Boolean).join(' · ').replace(/\s+/g, ' ')
  const name = stage.status === 'skipped' ? colors.dim(stage.name) : stage.name
  const line = `  ${glyph(stage.status, colors)} ${name}${' '.repeat(widest - width(stage.name))}${time}  `
  const room = Math.max(20, look.columns - widest - 18)
  const error = errorLines(stage.error).map(text => `      ${colors.red(text)}`)
  return [`${line}${colors.dim(shorten(said, room))}`.trimEnd(), ...error]
}

function errorLines(error: unknown): string[] {
  if (error === null || typeof error !== 'object') return []
  const { message, hint, file, line, key } = error as {
    message?: string
    hint?: string
    file?: string
    line?: number
    key?: string
  }
  const place = [file, line, key].filter(part => part !== undefined).join(':')
  return [place ? `${place}: ${message}` : message, hint]
    .filter(text => text !== undefined)
    .flatMap(text => text.split('\n').slice(0, 12))
}

function failureHint(run: RunDocument, { colors }: Look): string {
  const failed = run.stages.find(stage => stage.status === 'failed')
  if (failed) return colors.dim(`millwright run logs ${run.id} --stage ${failed.name}`)
  return run.status === 'failed' ? errorLines(run.error).map(colors.red).join('\n') : ''
}
