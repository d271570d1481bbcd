import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Name of the environment variable that marks every process of a tree where namespaces aren't available. */
export const TREE_MARKER = 'MILLWRIGHT_TREE'

/** Process ids below `root` by parentage, nearest first; zombies left out. Empty where there is no /proc. */
export function descendants(root: number): number[] {
  const processes = liveProcesses()
  const found = [root]
  for (const parent of found) {
    found.push(...processes.filter(child => child.parent === parent).map(child => child.pid))
  }
  return found.slice(1)
}

/** Marker values by process id, of all processes whose environment we may read. */
export function markedProcesses(): Map<number, string> {
  const found = new Map<number, string>()
  for (const pid of processIds()) {
    const marker = markerOf(readProc(`${pid}/environ`))
    if (marker) found.set(pid, marker)
  }
  return found
}

/** Kernel clock tick at which the process started: with its id it names a process for good. Undefined when it is gone. */
export function startTime(pid: number | 'self'): string | undefined {
  return statFields(pid)?.[19]
}

/** The PID namespace that this process lives in; ids mean nothing in another one. */
export function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return '0'
  }
}

/** Processes in the PID namespace of the given one, itself included; empty where that can't be told. */
export function sharingNamespace(pid: number): number[] {
  const namespace = namespaceOf(pid)
  return namespace === undefined ? [] : processIds().filter(other => namespaceOf(other) === namespace)
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

function liveProcesses(): { pid: number; parent: number }[] {
  return processIds().flatMap(pid => {
    const fields = statFields(pid)
    return fields && fields[0] !== 'Z' ? [{ pid, parent: Number(fields[1]) }] : []
  })
}

/** Fields of /proc/<pid>/stat from `state` on; the command name before it may hold anything, even `)`. */
function statFields(pid: number | 'self'): string[] | undefined {
  const stat = readProc(`${pid}/stat`)
  return stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ') : undefined
}

function markerOf(environ: string): string | undefined {
  const prefix = `${TREE_MARKER}=`
  const entry = environ.split('\0').find(variable => variable.startsWith(prefix))
  return entry?.slice(prefix.length)
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1')
  } catch {
    return ''
  }
}
