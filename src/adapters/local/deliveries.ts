import { existsSync, type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Delivery } from '#ports/code-host.ts'
import { deliveryFiles, movesInProgress, type RefMove, removeMove } from './git/delivery-files.ts'
import { DELIVERIES, PUSHING } from './git/hooks.ts'
import { type Git, gitProgram } from './git/program.ts'
import { refsUnder, repositoryPath } from './git/repository.ts'
import { markSeen, seenRefs, unseenMoves } from './git/seen-refs.ts'

export interface Deliveries {
  /** Every move that isn't done, oldest first. Reading changes nothing. */
  pending(): Promise<Delivery[]>
  /** Call when the delivery is recorded elsewhere. May be called again. */
  done(id: string): Promise<void>
  /** Calls `onChange` when there may be something new, until the signal is aborted. */
  watch(onChange: () => void, signal: AbortSignal): void
}

/**
 * What happened in the repositories of {@link localCodeHost}. A push is recorded in a file by its hook before the
 * pusher's git returns; a move whose record is missing (hook killed, import) is found by comparing the refs with what was seen.
 */
export function localDeliveries(options: {
  directory: string
  gitEnv: Readonly<Record<string, string>>
  pollSeconds?: number
}): Deliveries {
  const directory = resolve(options.directory)
  const git = gitProgram(directory, options.gitEnv)
  let last: Promise<unknown> = Promise.resolve()
  return {
    async pending() {
      const repositories = await repositoryPaths(directory)
      return (await Promise.all(repositories.map(path => pendingOf(git, path)))).flat()
    },
    done(id) {
      const mine = last.then(() => finish(git, directory, id))
      last = mine.catch(() => {})
      return mine
    },
    watch(onChange, signal) {
      watchRepositories(directory, onChange, signal, options.pollSeconds ?? 10)
    },
  }
}

/**
 * The order of the four reads matters: a push that ends in between is found in its file or is still marked as going
 * on, and one that is handled in between is in what was seen.
 */
async function pendingOf(git: Git, path: string): Promise<Delivery[]> {
  const repository = basename(path, '.git')
  const refs = await refsUnder(git, path, ['refs/heads/', 'refs/for/'])
  const moving = await movesInProgress(path)
  const files = await deliveryFiles(path)
  const recorded = files.flatMap(({ file, moves }) =>
    moves.map(move => ({ id: `${file}:${move.ref}`, repository, ...move })),
  )
  if (moving) return recorded
  const found = unseenMoves(refs, await seenRefs(git, path), recorded)
  return [...recorded, ...found.map(move => ({ id: scanId(repository, move), repository, ...move }))]
}

function scanId(repository: string, { ref, after }: RefMove): string {
  return `scan:${repository}:${ref}:${after ?? 'deleted'}`
}

async function finish(git: Git, directory: string, id: string): Promise<void> {
  const [kind, ...rest] = id.split(':')
  if (kind === 'scan') return finishScan(git, directory, rest)
  for (const path of await repositoryPaths(directory)) {
    const file = (await deliveryFiles(path)).find(({ file }) => file === kind)
    const move = file?.moves.find(({ ref }) => ref === rest.join(':'))
    if (!file || !move) continue
    await markSeen(git, path, move)
    await removeMove(path, file.file, move.ref)
  }
}

async function finishScan(git: Git, directory: string, [repository, ref, after]: string[]): Promise<void> {
  const path = repositoryPath(directory, repository ?? '')
  if (!existsSync(path) || ref === undefined || after === undefined) return
  await markSeen(git, path, { ref, before: null, after: after === 'deleted' ? null : after })
}

async function repositoryPaths(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  return names
    .filter(name => name.endsWith('.git') && !name.startsWith('.'))
    .sort()
    .map(name => join(directory, name))
}

function watchRepositories(
  directory: string,
  onChange: () => void,
  signal: AbortSignal,
  seconds: number,
): void {
  const watchers = new Map<string, FSWatcher>()
  const changed = () => {
    onChange()
    void repositoryPaths(directory).then(paths => {
      const added = paths.flatMap(path => [add(join(path, DELIVERIES)), add(join(path, PUSHING))])
      // What happened before the folders were watched; a move that was going on tells when it ends.
      if (added.includes(true)) onChange()
    })
  }
  const add = (path: string) => !signal.aborted && watchFolder(path, watchers, changed)
  const timer = setInterval(changed, seconds * 1000)
  timer.unref()
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    for (const watcher of watchers.values()) watcher.close()
  })
  add(directory)
  changed()
}

/** Whether it is newly watched. Where that isn't possible (limits, network file systems), the timer finds changes later. */
function watchFolder(path: string, watchers: Map<string, FSWatcher>, changed: () => void): boolean {
  if (watchers.has(path)) return false
  try {
    const watcher = watch(path, { persistent: false }, (_event, name) => {
      if (!name?.startsWith('.part')) changed() // a record that is still being written
    })
    watcher.on('error', () => watchers.delete(path))
    watchers.set(path, watcher)
    return true
  } catch {
    return false
  }
}
