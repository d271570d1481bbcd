import type { RunDocument, StageDocument } from '#server/documents/run.ts'
import { printable } from './printable.ts'
import { glyph } from './status.ts'
import type { Terminal } from './terminal.ts'
import { took } from './time.ts'

/** Tells on stderr what changes in a run: one line per stage that begins to wait or ends. */
export function stageProgress(terminal: Terminal): (run: RunDocument) => void {
  const told = new Map<string, string>()
  return run => {
    for (const stage of run.stages) {
      if (told.get(stage.name) === stage.status || !isWorthTelling(stage)) continue
      told.set(stage.name, stage.status)
      terminal.err(`${line(run, stage, terminal)}\n`)
    }
  }
}

function isWorthTelling({ status }: StageDocument): boolean {
  return status !== 'queued' && status !== 'skipped'
}

function line(run: RunDocument, stage: StageDocument, { errColors: colors }: Terminal): string {
  const time = stage.endedAt === null ? '' : took(stage.startedAt, stage.endedAt, new Date())
  const said = printable(stage.summary ?? '').replace(/\s+/g, ' ')
  const parts = [
    colors.dim(printable(run.id)),
    glyph(stage.status, colors),
    stage.name,
    time,
    colors.dim(said),
  ]
  return parts.filter(Boolean).join(' ')
}
