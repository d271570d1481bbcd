import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'

/** A started command with everything that it starts. */
export interface ProcessTree {
  /** stdout and stderr, in the order in which they were written. */
  output: Readable
  /** Resolves with the command's own end when nothing of the tree is left. */
  ended: Promise<ProcessEnd>
  /** SIGTERM goes to every process of the tree; SIGKILL ends the tree. Never throws. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

export interface ProcessEnd {
  exitCode: number
  killedBy?: string
}

/** How long a command that has ended waits for what it left in the background, before that is ended. */
export const LINGER_MS = 1000

export interface TreeCommand {
  argv: readonly string[]
  cwd: string
  env: Readonly<Record<string, string>>
  readOnly?: readonly string[]
  fills?: readonly string[]
}

/** Starts a command as a tree. Throws when this way of starting isn't possible here. */
export type StartTree = (command: TreeCommand) => Promise<ProcessTree>

/** Spawns and waits until the program really runs; stdin is /dev/null. */
export async function spawned(
  argv: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>>; detached?: boolean; stdio: StdioOptions },
): Promise<ChildProcess> {
  const child = spawn(argv[0]!, argv.slice(1), options)
  if (child.pid === undefined) throw await new Promise(resolve => child.once('error', resolve))
  return child
}

/** How a process ended, by the shell's convention: 128 + n for signal n. */
export function processEnd(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
  if (signal) return { exitCode: 128 + constants.signals[signal], killedBy: signal }
  return { exitCode: code ?? 1 }
}

/** As {@link processEnd}, for a code that a shell passed on: there a signal is only visible as 128 + n. */
export function relayedEnd(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
  const name = signal ?? (code !== null && code > 128 ? signalName(code - 128) : undefined)
  return name ? processEnd(null, name) : processEnd(code, null)
}

/**
 * Shell that may stand between us and a command without changing its environment: a POSIX sh drops variables whose
 * names aren't identifiers, bash keeps them (`-p`: and reads no start-up file).
 */
export function neutralShell(env: Readonly<Record<string, string>>): string[] {
  return Object.keys(env).every(name => /^[A-Za-z_]\w*$/.test(name)) ? ['/bin/sh'] : ['/bin/bash', '-p']
}

/** Shell code that takes away what a shell adds to the environment by itself. */
export function withoutShellVariables(env: Readonly<Record<string, string>>): string {
  const added = ['PWD', 'OLDPWD', 'SHLVL'].filter(name => !(name in env))
  return `unset ${added.join(' ')}; `.replace('unset ; ', '')
}

/** Sends a signal to a process or, with a negative id, to a group; a process that is gone is no error. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // gone, or no longer ours
  }
}

function signalName(number: number): NodeJS.Signals | undefined {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number)
  return entry?.[0] as NodeJS.Signals | undefined
}
