import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Duplex, Readable } from 'node:stream'
import { descendants } from './process-table.ts'
import {
  neutralShell,
  type ProcessEnd,
  type ProcessTree,
  processEnd,
  relayedEnd,
  type StartTree,
  sendSignal,
  spawned,
  type TreeCommand,
  withoutShellVariables,
} from './process-tree.ts'

/**
 * Starts commands in a PID namespace of their own. The kernel ends the namespace with its first process, whatever its
 * members did to escape (setsid, double fork), and that process dies with `unshare`, which dies with this process.
 *
 * A shell is the first process, so that the command isn't `init` (which ignores signals and must reap). It waits for
 * our word before it starts the command: only then is it certain that the chain of parent-death signals stands.
 *
 * `detached` keeps a Ctrl-C in the terminal from reaching the command before we decide what it means.
 * The death signal comes from the thread that started the tree: start trees from a thread that lives long enough.
 */
export function namespaceTrees(options: { user: boolean }): StartTree {
  const user = options.user ? ['--user', '--map-current-user'] : []
  const flags = [...user, '--pid', '--fork', '--kill-child', '--mount-proc']
  return async command => {
    const prefix = [systemProgram('setpriv'), '--pdeathsig', 'KILL', systemProgram('unshare'), ...flags]
    const child = await spawned([...prefix, ...firstProcess(command)], {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    await handshake(child)
    return treeOf(child)
  }
}

function firstProcess({ argv, env }: TreeCommand): string[] {
  const ready = 'echo >&3; read -r millwright_go <&3 || exit 125; unset millwright_go; '
  const run = `exec 3>&- 2>/dev/null; ${withoutShellVariables(env)}"$@" 2>&1; exit $?`
  return [...neutralShell(env), '-c', ready + run, 'sh', ...argv]
}

function systemProgram(name: string): string {
  const found = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map(folder => `${folder}/${name}`).find(existsSync)
  if (!found) throw new Error(`${name} isn't installed`)
  return found
}

async function handshake(child: ChildProcess): Promise<void> {
  const lifeline = child.stdio[3] as Duplex
  const complaint: Buffer[] = []
  child.stderr?.on('data', (chunk: Buffer) => complaint.push(chunk))
  lifeline.on('error', () => {})
  const exited = once(child, 'close').then(() => {
    throw new Error(`can't make a process namespace: ${Buffer.concat(complaint).toString().trim()}`)
  })
  await Promise.race([once(lifeline, 'data'), exited])
  exited.catch(() => {})
  lifeline.end('\n')
}

function treeOf(child: ChildProcess): ProcessTree {
  let state: 'running' | 'killed' | 'gone' = 'running'
  const ended = new Promise<ProcessEnd>(resolve => {
    child.once('exit', (code, signal) => {
      resolve(state === 'killed' ? processEnd(null, 'SIGKILL') : relayedEnd(code, signal))
      state = 'gone'
    })
  })
  return {
    output: child.stdout as Readable,
    ended,
    signal(name) {
      if (state === 'gone') return
      if (name === 'SIGKILL') state = 'killed'
      signalMembers(child.pid!, name)
    },
  }
}

/** Killing the first process (not `unshare`) lets `unshare` exit only after the kernel has reaped every member. */
function signalMembers(unshare: number, name: 'SIGTERM' | 'SIGKILL'): void {
  const members = descendants(unshare)
  if (name === 'SIGKILL') sendSignal(members[0] ?? unshare, name)
  else for (const pid of members.slice(1)) sendSignal(pid, name)
}
