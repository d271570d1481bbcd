import { readConfig } from '#config.ts'
import { understood } from '#errors.ts'
import { COMMANDS } from './commands.ts'
import { type ExitCode, HelpShown } from './invocation.ts'
import { printError } from './print/error.ts'
import { processTerminal, type Terminal } from './print/terminal.ts'
import { resolve } from './resolve.ts'

process.exitCode = await main(process.argv.slice(2), processTerminal())

/** Runs one command line and returns its exit code. Nothing but the command itself is loaded. */
async function main(argv: string[], terminal: Terminal): Promise<ExitCode> {
  const json = asksForJson(argv)
  try {
    return await dispatch(argv, terminal, json)
  } catch (error) {
    if (error instanceof HelpShown) return 0
    return printError(understood(error), terminal, json)
  }
}

async function dispatch(argv: string[], terminal: Terminal, json: boolean): Promise<ExitCode> {
  const resolved = resolve(argv, Object.keys(COMMANDS))
  if (resolved.kind === 'command') {
    const { path, words } = resolved
    const { summary, load } = COMMANDS[path]!
    const command = await load()
    return command({ path, summary, words, config: readConfig(), terminal, json })
  }
  if (resolved.kind === 'version') {
    const { version } = await import('./version.ts')
    terminal.out(json ? `${JSON.stringify({ version })}\n` : `millwright ${version}\n`)
    return 0
  }
  const { groupHelp, unknownCommand } = await import('./help.ts')
  if (resolved.kind === 'unknown') throw unknownCommand(resolved.path, resolved.word)
  const isAnswer = resolved.help || resolved.path === ''
  if (isAnswer) terminal.out(groupHelp(resolved.path, terminal.outColors))
  else terminal.err(groupHelp(resolved.path, terminal.errColors))
  return isAnswer ? 0 : 2
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? undefined : end).includes('--json')
}
