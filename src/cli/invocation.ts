import type { Config } from '#config.ts'
import type { Terminal } from './print/terminal.ts'

/** A command as it was typed: `millwright <path> <words>`. */
export interface Invocation {
  /** Words of the command, e.g. `run start`. */
  path: string
  /** What it does, for its help. */
  summary: string
  /** Everything after them. */
  words: string[]
  config: Config
  terminal: Terminal
  /** Whether one JSON document goes to stdout, instead of text. */
  json: boolean
}

/** Design §8: done, our fault, the user's mistake, the pipeline or job itself failed, interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 130

/** Parses its words, calls one function, prints. Throws UserError, StageFailure or CancelledError. */
export type Command = (invocation: Invocation) => Promise<ExitCode>

/** Thrown after `--help` was printed: there is nothing more to do. */
export class HelpShown extends Error {
  override readonly name = 'HelpShown'
}
