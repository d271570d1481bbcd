import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Duplex, Readable } from 'node:stream'
import { descendants, sharingNamespace } from './process-table.ts'
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
} from './process-tree.ts'
import { readOnlyMounts, shellScript, unscriptable } from './shell-script.ts'
import { isWithin, type Namespace, spareNamespace } from './spare-namespace.ts'

/**
 * Starts commands in a PID namespace of their own. The kernel ends the namespace with its first process, whatever its
 * members did to escape (setsid, double fork), and that process dies with `unshare`, which dies with this process.
 *
 * A shell is the first process, so that the command isn't `init` (which ignores signals and must reap). It is given
 * the command as a script on its standard input, after it has said that it runs: only then is it certain that the
 * chain of parent-death signals stands. So a namespace can be made before its command is known: while a command runs,
 * the next one's is made, which takes longer than most commands of a shell.
 *
 * `detached` keeps a Ctrl-C in the terminal from reaching the command before we decide what it means.
 * The death signal comes from the thread that started the tree: start trees from a thread that lives long enough.
 */
export function namespaceTrees(options: { user: boolean }): StartTree {
  const spare = spareNamespace(readOnly => openNamespace(options, {}, readOnly))
  return async command => {
    const early = unscriptable(command.env)
    const plain = Object.keys(early).length === 0
    const namespace = await (plain ? spare.take(command) : openNamespace(options, early, []))
    const script = readOnlyScript(namespace.readOnly, command) + shellScript(command)
    const input = namespace.child.stdio[0] as Duplex
    input.end(script)
    spare.refill(command.fills ?? [])
    return treeOf(namespace.child)
  }
}

/** Mounts what isn't read-only yet; a folder that holds what the command writes stays as it is. */
function readOnlyScript(done: readonly string[], command: TreeCommand): string {
  const written = [command.cwd, ...(command.fills ?? [])]
  const wanted = (command.readOnly ?? []).filter(path => !written.some(folder => isWithin(folder, path)))
  return readOnlyMounts(wanted.filter(path => !done.includes(path)))
}

/** Resolves when the shell waits for its script. Its own environment holds `variables` only. */
async function openNamespace(
  options: { user: boolean },
  variables: Record<string, string>,
  readOnly: readonly string[],
): Promise<Namespace> {
  const user = options.user ? ['--user', '--map-current-user'] : []
  const child = await spawned(
    [
      ...[systemProgram('setpriv'), '--pdeathsig', 'KILL', systemProgram('unshare')],
      ...[...user, '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...[...neutralShell(variables), '-s'],
    ],
    { cwd: '/', env: variables, detached: true, stdio: ['pipe', 'pipe', 'ignore'] },
  )
  await greeted(child, readOnlyMounts(readOnly))
  return { child, readOnly }
}

function systemProgram(name: string): string {
  const found = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map(folder => `${folder}/${name}`).find(existsSync)
  if (!found) throw new Error(`${name} isn't installed`)
  return found
}

/** The shell's first line says that it runs; what comes after it is the command's. */
async function greeted(child: ChildProcess, first: string): Promise<void> {
  const [script, output] = child.stdio as unknown as Duplex[]
  script!.on('error', () => {})
  const exited = once(child, 'exit').then(() => {
    throw new Error("this system doesn't let us make process namespaces")
  })
  exited.catch(() => {})
  script!.write(`${first}echo\n`)
  await Promise.race([once(output!, 'data'), exited])
  output!.pause()
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

/**
 * Processes that entered the namespace from outside (of a warm Python) have their parents there.
 * Killing the first process (not `unshare`) lets `unshare` exit only after the kernel has reaped every member.
 */
function signalMembers(unshare: number, name: 'SIGTERM' | 'SIGKILL'): void {
  const [first, ...others] = descendants(unshare)
  if (name === 'SIGKILL') sendSignal(first ?? unshare, name)
  else if (first !== undefined) {
    const members = new Set([...others, ...sharingNamespace(first)])
    members.delete(first)
    for (const pid of members) sendSignal(pid, name)
  }
}
