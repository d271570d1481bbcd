/**
 * Runs a command as a process tree that ends with it: when the command exits, is cancelled, times out, or this
 * process dies, nothing of the tree is left, including children that left their session. What a command left in the
 * background when it exits has a second to finish: `echo 1 & echo 2` prints both.
 *
 * `run` may be called many times at once; it limits nothing (see the executor's slots).
 */
export interface CommandRunner {
  /** Rejects only when the process can't be started; an exit code, signal or timeout is a result. */
  run(command: Command): Promise<CommandResult>
}

export interface Command {
  /** Program and arguments; never a shell string. */
  argv: readonly string[]
  cwd: string
  /** The whole environment of the process; nothing is inherited. */
  env: Readonly<Record<string, string>>
  /** Files and folders that it can't change, where the system lets us see to that. */
  readOnly?: readonly string[]
  /** Folders that it fills; they will probably be `readOnly` for the next command, so that can be prepared. */
  fills?: readonly string[]
  /** File that gets stdout and stderr, appended. */
  log: string
  /** Bytes of output kept in `log` (head and tail), default 64 MiB; more is cut with a notice. */
  logBytes?: number
  /** Called with every chunk of output, for live display. */
  onOutput?: (chunk: Buffer) => void
  timeoutSeconds?: number
  /** Aborting it ends the tree: SIGTERM, then SIGKILL after `graceSeconds` (default 5). The call settles when all is gone. */
  signal?: AbortSignal
  /** Read when `signal` is aborted or the time is over, so a getter may decide late. */
  graceSeconds?: number
}

export interface CommandResult {
  /** 128 + n when the command ended by signal n. */
  exitCode: number
  /** Name of the signal, e.g. `SIGKILL`. */
  killedBy?: string
  reason: 'exited' | 'timed-out' | 'cancelled'
  /** The system killed a process because memory had run out; known on Linux. */
  outOfMemory?: true
  seconds: number
}
