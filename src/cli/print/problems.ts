import { relative } from 'node:path'
import type { Problem } from '#ml-service/plan.ts'
import type { Look, View } from './show.ts'

/** Problems of a pipeline file, one below the other as compilers print them, and how many there are. */
export const problemList: View<{ valid: boolean; problems: Problem[] }> = ({ valid, problems }, look) => {
  const { colors } = look
  const lines = problems.map(problem => problemLines(problem, look))
  const errors = problems.filter(problem => problem.severity === 'error').length
  const warnings = problems.length - errors
  const counts = [count(errors, 'error'), count(warnings, 'warning')].filter(Boolean).join(', ')
  const verdict = valid ? colors.green('✓ valid') : colors.red('✗ not valid')
  return [...lines, counts === '' ? verdict : `${verdict}: ${counts}`].join('\n')
}

function problemLines(problem: Problem, { colors }: Look): string {
  const place = `${shownPath(problem.file)}:${problem.line}:${problem.column}`
  const severity = problem.severity === 'error' ? colors.red('error') : colors.yellow('warning')
  const key = problem.key === '' ? '' : colors.dim(`  ${problem.key}`)
  const first = `${colors.bold(place)}: ${severity}: ${problem.message} ${colors.dim(`[${problem.rule}]`)}${key}`
  return problem.suggestion === null ? first : `${first}\n    ${colors.cyan(problem.suggestion)}`
}

/** Relative to the working folder when it is below it. */
function shownPath(file: string): string {
  const path = relative('', file)
  return path === '' || path.startsWith('..') ? file : path
}

function count(number: number, word: string): string {
  return number === 0 ? '' : `${number} ${word}${number === 1 ? '' : 's'}`
}
