/** The errors that reach people. Every other thrown value is a fault of ours and is shown with its stack. */

/** Where in a user's file a mistake stands. `line` and `column` count from 1; `key` is the dotted path of the entry. */
export interface Place {
  file?: string
  line?: number
  column?: number
  key?: string
}

/** A mistake that the user can mend: says what was wrong, where, and what to do next. Exit code 2, HTTP 4xx. */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly code: string
  readonly place: Place
  readonly hint: string | undefined

  /** @param code a stable kebab-case identifier, for programs; `hint` is the next step, for people. */
  constructor(
    code: string,
    message: string,
    options: { place?: Place; hint?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.place = options.place ?? {}
    this.hint = options.hint
  }
}

/** Something that was asked for by name isn't there. HTTP 404. */
export class NotFoundError extends UserError {
  override readonly name = 'NotFoundError'
}

/** The request contradicts what is recorded (write-once property, moved revision, taken name). HTTP 409. */
export class ConflictError extends UserError {
  override readonly name = 'ConflictError'
}

/** A stage, check or job did its work and the answer is no: tests failed, training exited with 1. Exit code 3. */
export class StageFailure extends Error {
  override readonly name = 'StageFailure'
  readonly hint: string | undefined
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.hint = options.hint
  }
}

/** The work was stopped because somebody asked for it. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
  constructor(message = 'cancelled') {
    super(message)
  }
}

/** What the system refused for a reason that people can mend, as an error that says so; others as they are. */
export function understood(error: unknown): unknown {
  const { code, path } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new UserError('disk-full', 'there is no space left on the disk', {
    place: path === undefined ? {} : { file: path },
    hint: 'make room, or choose another folder with --output-dir or MILLWRIGHT_HOME',
    cause: error,
  })
}

/** The JSON form of an error (design §8): `{error: {code, message, file, line, key, hint}}`. */
export function errorDocument(error: unknown): {
  error: {
    code: string
    message: string
    file?: string
    line?: number
    column?: number
    key?: string
    hint?: string
  }
} {
  if (error instanceof UserError) {
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return { error: { code: error.code, message: error.message, ...error.place, ...hint } }
  }
  const code =
    error instanceof StageFailure
      ? 'stage-failed'
      : error instanceof CancelledError
        ? 'cancelled'
        : 'internal'
  return { error: { code, message: error instanceof Error ? error.message : String(error) } }
}
