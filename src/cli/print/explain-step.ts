import type { StepExplanation } from '#ml-service/explain-step.ts'
import type { Look, View } from './show.ts'
import { glyph } from './status.ts'
import { ago } from './time.ts'

/** Why a step was run or reused; the parts of its key that differ come first, with what was there before. */
export const stepExplanation: View<StepExplanation> = (explanation, look) => {
  const { colors, now } = look
  const { job, step, status, reuse, reason, comparedWith, parts } = explanation
  const title = `${glyph(status, colors)} ${colors.bold(step)} of ${job}  ${reuse === 'reused' ? 'reused' : 'run'}`
  const compared =
    comparedWith && colors.dim(`compared with job ${comparedWith.job}, ${ago(comparedWith.storedAt, now)}`)
  const ordered = [...parts.filter(({ same }) => !same), ...parts.filter(({ same }) => same)]
  const lines = comparedWith ? ordered.map(part => partLine(part, look)) : []
  return [title, `  ${reason}`, compared && `  ${compared}`, lines.join('\n')].filter(Boolean).join('\n')
}

function partLine({ part, same, text, before }: StepExplanation['parts'][number], { colors }: Look): string {
  if (same) return colors.dim(`    = ${part}`)
  const change = [before && colors.red(`- ${oneLine(before)}`), text && colors.green(`+ ${oneLine(text)}`)]
  return [colors.bold(`    ≠ ${part}`), ...change.filter(Boolean).map(line => `        ${line}`)].join('\n')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
