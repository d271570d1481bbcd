import { CancelledError, errorDocument, type Place, StageFailure, UserError } from '#errors.ts'
import type { ExitCode } from '../invocation.ts'
import { printable } from './printable.ts'
import type { Terminal } from './terminal.ts'

/** Prints why a command has stopped, and returns its exit code. With `json`, the error's document goes to stdout. */
export function printError(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  if (json) terminal.out(`${JSON.stringify(errorDocument(error), null, 2)}\n`)
  if (!json || exitCode(error) === 1) terminal.err(errorText(error, terminal))
  return exitCode(error)
}

function exitCode(error: unknown): ExitCode {
  if (error instanceof UserError) return 2
  if (error instanceof StageFailure) return 3
  return error instanceof CancelledError ? 130 : 1
}

function errorText(error: unknown, { errColors: colors }: Terminal): string {
  if (error instanceof CancelledError) return `${colors.yellow(printable(error.message))}\n`
  if (error instanceof UserError || error instanceof StageFailure) {
    const place = error instanceof UserError ? placeText(error.place) : ''
    const where = place === '' ? '' : `${colors.bold(printable(place))}: `
    const message = `${where}${colors.red('error')}: ${printable(error.message)}\n`
    return error.hint === undefined ? message : `${message}${colors.cyan('hint')}: ${printable(error.hint)}\n`
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `${colors.red('internal error')}, which is our fault:\n${printable(stack)}\n`
}

/** `file:line:column:key`, as far as it is known. */
function placeText({ file, line, column, key }: Place): string {
  return [file, line, line === undefined ? undefined : column, key]
    .filter(part => part !== undefined)
    .join(':')
}
