import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Command, CommandResult, CommandRunner } from '#ports/command-runner.ts'
import { markedTrees } from './marked-tree.ts'
import { namespaceTrees } from './namespace-tree.ts'
import { type OutputLog, openOutputLog } from './output-log.ts'
import type { ProcessTree, StartTree, TreeCommand } from './process-tree.ts'
import { requireProgram } from './programs.ts'

/**
 * Runs commands on this machine. The strongest isolation that works here is found with the first command and kept:
 * a PID namespace, or a marked process group. `isolation` forces one, for tests.
 */
export function localCommandRunner(options: { isolation?: 'namespace' | 'marker' } = {}): CommandRunner {
  const start = firstThatWorks(waysToStart(options.isolation))
  return {
    async run(command) {
      if (command.signal?.aborted) return { exitCode: 143, reason: 'cancelled', seconds: 0 }
      requireProgram(command.argv[0] ?? '', { cwd: command.cwd, path: command.env.PATH })
      const log = openOutputLog(command.log, command.logBytes)
      try {
        return await runTree(await start(command), command, log)
      } finally {
        await log.close()
      }
    },
  }
}

function waysToStart(isolation: 'namespace' | 'marker' | undefined): StartTree[] {
  const root = process.getuid?.() === 0 ? [namespaceTrees({ user: false })] : []
  const namespaces = process.platform === 'linux' ? [...root, namespaceTrees({ user: true })] : []
  if (isolation === 'namespace') return namespaces
  if (isolation === 'marker') return [markedTrees()]
  return [...namespaces, markedTrees()]
}

function firstThatWorks(ways: StartTree[]): StartTree {
  let working: StartTree | undefined
  async function search(command: TreeCommand): Promise<ProcessTree> {
    const failures: unknown[] = []
    for (const way of ways) {
      try {
        const tree = await way(command)
        working = way
        return tree
      } catch (error) {
        failures.push(error)
      }
    }
    throw failures.at(-1) ?? new Error('there is no way to start a process tree on this platform')
  }
  return command => (working ?? search)(command)
}

async function runTree(tree: ProcessTree, command: Command, log: OutputLog): Promise<CommandResult> {
  const started = performance.now()
  const killsBefore = outOfMemoryKills()
  const ending = endOnRequest(tree, command)
  const logged = log.consume(tree.output, command.onOutput)
  logged.catch(() => ending.stop('cancelled'))
  const end = await tree.ended
  const seconds = (performance.now() - started) / 1000
  ending.dispose()
  await drained(logged, tree.output, log)
  const starved = end.killedBy === 'SIGKILL' && !ending.reason() && outOfMemoryKills() > killsBefore
  return { ...end, reason: ending.reason() ?? 'exited', seconds, ...(starved && { outOfMemory: true }) }
}

/** How many processes the system has killed for want of memory since it started. */
function outOfMemoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Watches for the timeout and the abort, and stops the tree on the first: SIGTERM, then SIGKILL until it is gone. */
function endOnRequest(tree: ProcessTree, command: Command) {
  let reason: 'timed-out' | 'cancelled' | undefined
  let killer: NodeJS.Timeout | undefined
  let over = false
  function kill(): void {
    tree.signal('SIGKILL')
    killer = setTimeout(kill, 100)
  }
  function stop(why: 'timed-out' | 'cancelled'): void {
    if (reason || over) return
    reason = why
    tree.signal('SIGTERM')
    killer = setTimeout(kill, (command.graceSeconds ?? 5) * 1000)
  }
  const onAbort = () => stop('cancelled')
  const timeout = timer(command.timeoutSeconds, () => stop('timed-out'))
  command.signal?.addEventListener('abort', onAbort)
  if (command.signal?.aborted) onAbort()
  /** The tree is gone: whoever still wants it stopped, as a log that can't be written does, would wait for ever. */
  function dispose(): void {
    over = true
    clearTimeout(timeout)
    clearTimeout(killer)
    command.signal?.removeEventListener('abort', onAbort)
  }
  return { stop, dispose, reason: () => reason }
}

const LONGEST_TIMER = 2 ** 31 - 1

function timer(seconds: number | undefined, action: () => void): NodeJS.Timeout | undefined {
  return seconds === undefined
    ? undefined
    : setTimeout(action, Math.min(Math.ceil(seconds * 1000), LONGEST_TIMER))
}

/**
 * Waits for the rest of the output. A process outside of the tree may have been handed the pipe (then it never
 * ends), so reading stops when nothing came for a second.
 */
async function drained(logged: Promise<void>, output: Readable, log: OutputLog): Promise<void> {
  let seen = -1
  const check = setInterval(() => {
    const read = (output as Socket).bytesRead
    if (read === seen && log.idle()) output.destroy()
    seen = read
  }, 1000)
  await logged.finally(() => clearInterval(check)).catch(ignorePrematureClose)
}

function ignorePrematureClose(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
}
