import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { UserError } from '#errors.ts'
import { HelpShown, type Invocation } from './invocation.ts'

/** What the words after a command said. */
export interface Parsed<Options> {
  args: string[]
  options: Options
}

/**
 * Parses the invocation's words by the arguments and options that `define` declares; `--json` and `--help` are always
 * there. Throws UserError for what doesn't fit.
 */
export function parse<Options extends object>(
  invocation: Invocation,
  define: (command: Command) => Command,
): Parsed<Options> {
  const { path, summary, words, terminal } = invocation
  const colors = terminal.outColors
  const command = define(new Command(`millwright ${path}`))
    .description(summary)
    .option('--json', 'print one JSON document on stdout')
    .helpOption('-h, --help', 'show this')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: () => {}, getOutHasColors: () => true })
    .configureHelp({
      helpWidth: Math.min(terminal.columns, 110),
      styleTitle: title => colors.bold(title.replace(/:$/, '')),
      styleOptionTerm: colors.cyan,
      styleArgumentTerm: colors.cyan,
    })
  try {
    command.parse(words, { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? translated(error, path) : error
  }
  return { args: command.args, options: command.opts<Options>() }
}

/** For options that take a positive whole number. */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (/^[0-9]{1,9}$/.test(text) && value > 0) return value
  throw new InvalidArgumentError('It must be a positive whole number.')
}

/** For options that take a TCP port; 0 for any free one. */
export function portNumber(text: string): number {
  const value = Number(text)
  if (/^[0-9]{1,5}$/.test(text) && value <= 65_535) return value
  throw new InvalidArgumentError('It must be a port number.')
}

/** For options that take `name=value` and may be repeated. */
export function nameAndValue(
  text: string,
  earlier: Record<string, string> | undefined,
): Record<string, string> {
  const at = text.indexOf('=')
  if (at > 0) return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) }
  throw new InvalidArgumentError('It must be name=value.')
}

function translated(error: CommanderError, path: string): Error {
  if (error.code === 'commander.helpDisplayed') return new HelpShown()
  const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = /Did you mean (.+)\?/.exec(rest.join(' '))?.[1]
  const hint = suggestion ? `did you mean ${suggestion}?` : `see \`millwright ${path} --help\``
  return new UserError('usage', message, { hint })
}
