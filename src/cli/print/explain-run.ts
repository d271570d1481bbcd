import type { RunExplanation, TriggerDocument } from '#server/documents/explanation.ts'
import type { RunDocument } from '#server/documents/run.ts'
import { comparisonText } from './comparison.ts'
import { facts } from './facts.ts'
import { shortCommit, shortDigest } from './identity.ts'
import { standing } from './run.ts'
import type { Look, View } from './show.ts'
import { glyph, paintStatus } from './status.ts'
import { took } from './time.ts'

/** Why a run exists, and what came of it. */
export const runExplanation: View<RunExplanation> = (explanation, look) => {
  const { run, trigger, artifact, modelVersion, image, comparison, parents, children } = explanation
  const { colors } = look
  const status = paintStatus(standing(run), standing(run), colors)
  const title = `${glyph(standing(run), colors)} ${colors.bold(run.id)}  ${run.modelType}  ${status}`
  const why = facts(
    [
      ['trigger', trigger.kind],
      ['reason', trigger.reason],
      ['push', pushText(trigger)],
      ['because of', trigger.because.map(({ path, because }) => `${path}: ${because}`).join('\n')],
      ['comes from', parents.map(parent => runLine(parent, look)).join('\n')],
      ['commit', `${run.commit} on ${run.branch} of ${run.repository}`],
    ],
    look,
  )
  const came = facts(
    [
      ['stages', run.stages.map(stage => stageLine(stage, look)).join('\n')],
      ['artifact', artifact && `${shortDigest(artifact.digest)}, ${artifact.files.length} files`],
      ['model', modelVersion && `${modelVersion.name}:${modelVersion.version}`],
      ['verdict', comparisonText(comparison)],
      ['image', image && `${image.repository}@${shortDigest(image.digest)}`],
      ['led to', children.map(child => runLine(child, look)).join('\n')],
    ],
    look,
  )
  return `${title}\n\n${colors.bold('Why')}\n${why}\n\n${colors.bold('What came of it')}\n${came}`
}

function pushText({ delivery }: TriggerDocument): string | null {
  if (delivery === null) return null
  const from = delivery.before === null ? 'new' : shortCommit(delivery.before)
  return `${delivery.ref}: ${from} → ${shortCommit(delivery.after ?? 'deleted')}`
}

function runLine(run: RunDocument, { colors }: Look): string {
  return `${glyph(standing(run), colors)} ${run.id} ${standing(run)} (${run.trigger})`
}

function stageLine(stage: RunDocument['stages'][number], { colors, now }: Look): string {
  const time = stage.status === 'skipped' ? '' : took(stage.startedAt, stage.endedAt, now)
  const said = [time, stage.summary].filter(Boolean).join(', ')
  return `${glyph(stage.status, colors)} ${stage.name}${said === '' ? '' : colors.dim(`  ${said}`)}`
}
