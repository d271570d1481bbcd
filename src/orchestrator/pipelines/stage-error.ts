import { errorDocument, type Place, StageFailure, UserError } from '#errors.ts'

/** Why a stage failed, as the run keeps it: files are named as in the repository, not as they lie in the run's folder. */
export function stageErrorDocument(error: unknown, stage: string, source: string) {
  const document = errorDocument(error).error
  const relative = (text: string) => text.replaceAll(`${source}/`, '')
  const file = document.file === undefined ? {} : { file: relative(document.file) }
  return { ...document, ...file, message: relative(document.message), stage }
}

/** The same for the stage's log: people's mistakes and negative answers without, our faults with their stack. */
export function stageErrorText(error: unknown, source: string): string {
  if (!(error instanceof StageFailure || error instanceof UserError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const place = error instanceof UserError ? placeText(error.place) : ''
  const hint = error.hint === undefined ? '' : `\n${error.hint}`
  return `${place}${error.message}${hint}`.replaceAll(`${source}/`, '')
}

function placeText({ file, line, key }: Place): string {
  const parts = [file, line, key].filter(part => part !== undefined)
  return parts.length === 0 ? '' : `${parts.join(':')}: `
}
