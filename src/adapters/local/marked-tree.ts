import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { descendants, markedProcesses, pidNamespace, startTime, TREE_MARKER } from './process-table.ts'
import {
  LINGER_MS,
  neutralShell,
  type ProcessEnd,
  type ProcessTree,
  processEnd,
  type StartTree,
  sendSignal,
  spawned,
  type TreeCommand,
  withoutShellVariables,
} from './process-tree.ts'

/**
 * Starts commands where namespaces aren't allowed: each is a process group of its own, and a variable in its
 * environment tells which processes belong to it after they left the group. A small watcher ends the trees when this
 * process dies. A process that leaves its group *and* clears its environment isn't found.
 */
export function markedTrees(): StartTree {
  const runner = [pidNamespace(), process.pid, startTime('self') ?? '0', randomUUID()].join('-')
  let started = 0
  return async command => {
    if (started++ === 0) watchOver(runner)
    return startMarked(command, `${runner}.${started}`)
  }
}

/**
 * Ends trees whose runner died together with its watcher; for the start after a crash. Returns how many processes
 * were ended. Trees of living runners, also of other programs, are left alone.
 */
export async function sweepOrphans(): Promise<number> {
  const orphans = () => [...markedProcesses()].filter(([, marker]) => isOrphan(marker)).map(([pid]) => pid)
  const count = orphans().length
  await killAll(orphans)
  return count
}

function isOrphan(marker: string): boolean {
  const [namespace, pid, started] = marker.split('-')
  return namespace === pidNamespace() && startTime(Number(pid)) !== started
}

const WATCHER = `trap '' HUP INT TERM; read -r _ <&3
while pids=$(grep -lsz "^$1" /proc/[0-9]*/environ | cut -d/ -f3) && [ -n "$pids" ]; do kill -9 $pids; sleep 0.1; done`

function watchOver(runner: string): void {
  const watcher = spawn('/bin/sh', ['-c', WATCHER, 'sh', `${TREE_MARKER}=${runner}`], {
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  watcher.on('error', () => {})
  const lifeline = watcher.stdio[3] as { unref?(): void } | null
  lifeline?.unref?.()
  watcher.unref()
}

async function startMarked({ argv, cwd, env }: TreeCommand, marker: string): Promise<ProcessTree> {
  const unset = 'SHLVL' in env ? '' : 'env -u SHLVL '
  const script = `${withoutShellVariables(env)}exec ${unset}"$@" 2>&1`
  const child = await spawned([...neutralShell(env), '-c', script, 'sh', ...argv], {
    cwd,
    env: { ...env, [TREE_MARKER]: marker },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const group = child.pid!
  const members = () => [...markedProcesses()].filter(([, value]) => value === marker).map(([pid]) => pid)
  const ended = new Promise<ProcessEnd>(resolve => {
    child.once('exit', async (code, signal) => {
      await linger(members)
      sendSignal(-group, 'SIGKILL')
      await killAll(members)
      resolve(processEnd(code, signal))
    })
  })
  return {
    output: child.stdout as Readable,
    ended,
    signal: name => signalTree(group, members(), name),
  }
}

async function linger(members: () => number[]): Promise<void> {
  const until = performance.now() + LINGER_MS
  while (members().length > 0 && performance.now() < until) await sleep(20)
}

function signalTree(group: number, marked: number[], name: 'SIGTERM' | 'SIGKILL'): void {
  const others = new Set([...marked, ...descendants(group)])
  sendSignal(-group, name)
  for (const pid of others) sendSignal(pid, name)
}

/** Kills until none is found any more: a process may have forked while we looked. */
async function killAll(members: () => number[]): Promise<void> {
  for (let left = members(); left.length > 0; left = members()) {
    for (const pid of left) sendSignal(pid, 'SIGKILL')
    await sleep(5)
  }
}
