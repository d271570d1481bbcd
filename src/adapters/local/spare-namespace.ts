import type { ChildProcess } from 'node:child_process'
import type { TreeCommand } from './process-tree.ts'

/** A shell in a process namespace that waits for a script. */
export interface Namespace {
  child: ChildProcess
  /** What nothing in it can change. */
  readOnly: readonly string[]
}

const SPARE_MS = 5000

/** One namespace made ahead, for whoever comes next; it doesn't keep this process alive, and goes when nobody comes. */
export function spareNamespace(open: (readOnly: readonly string[]) => Promise<Namespace>) {
  let made: Promise<Namespace> | undefined
  let expiry: NodeJS.Timeout | undefined
  async function prepare(readOnly: readonly string[]): Promise<Namespace> {
    const namespace = await open(readOnly)
    hold(namespace.child, false)
    namespace.child.once('exit', drop)
    return namespace
  }
  function drop(): void {
    clearTimeout(expiry)
    void made?.then(({ child }) => child.kill('SIGKILL')).catch(() => {})
    made = undefined
  }
  return {
    async take(command: TreeCommand): Promise<Namespace> {
      clearTimeout(expiry)
      const waiting = made
      made = undefined
      const taken = await waiting?.catch(() => undefined)
      if (!taken || !isUsable(taken, command)) {
        taken?.child.kill('SIGKILL')
        return open([])
      }
      taken.child.off('exit', drop)
      hold(taken.child, true)
      return taken
    },
    /** After this turn of the event loop: the command that was just started comes first. */
    refill(readOnly: readonly string[]): void {
      setImmediate(() => {
        made ??= prepare(readOnly)
        made.catch(() => {})
        clearTimeout(expiry)
        expiry = setTimeout(drop, SPARE_MS).unref()
      }).unref()
    },
  }
}

function isUsable({ child, readOnly }: Namespace, command: TreeCommand): boolean {
  const written = [command.cwd, ...(command.fills ?? [])]
  const blocked = readOnly.some(path => written.some(folder => isWithin(folder, path)))
  return child.exitCode === null && child.signalCode === null && !blocked
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function hold(child: ChildProcess, held: boolean): void {
  const streams = child.stdio.filter(Boolean) as unknown as { ref(): void; unref(): void }[]
  for (const handle of [child, ...streams]) held ? handle.ref() : handle.unref()
}
