import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DELIVERIES, PUSHING } from './hooks.ts'

/** A ref that moved; null for a ref that didn't exist before or doesn't exist any more. */
export interface RefMove {
  ref: string
  before: string | null
  after: string | null
}

/** A file that a push (or a merge of ours) left, with the moves that aren't done yet. */
export interface DeliveryFile {
  file: string
  moves: RefMove[]
}

/** What is recorded and not done yet, oldest first. Unreadable lines are left out. */
export async function deliveryFiles(repository: string): Promise<DeliveryFile[]> {
  const names = await readdir(join(repository, DELIVERIES)).catch(() => [])
  const files = names.filter(name => !name.startsWith('.')).sort()
  return Promise.all(files.map(async file => ({ file, moves: await readMoves(repository, file) })))
}

/** Writes a file as the post-receive hook does: it is there whole or not at all, also after a power cut. */
export async function writeDelivery(
  repository: string,
  moves: readonly RefMove[],
  file = newName(),
): Promise<void> {
  const folder = join(repository, DELIVERIES)
  const part = join(folder, `.part.${randomUUID()}`)
  const lines = moves.map(({ ref, before, after }) => `${before ?? ABSENT} ${after ?? ABSENT} ${ref}\n`)
  await mkdir(folder, { recursive: true })
  await synced(part, 'wx', handle => handle.writeFile(lines.join('')))
  await rename(part, join(folder, file))
  await synced(folder, 'r')
}

/** Takes a move out of its file, and the file away with its last one. */
export async function removeMove(repository: string, file: string, ref: string): Promise<void> {
  const left = (await readMoves(repository, file)).filter(move => move.ref !== ref)
  if (left.length > 0) return writeDelivery(repository, left, file)
  await rm(join(repository, DELIVERIES, file), { force: true })
}

/** Marks the repository while a ref moves and its file isn't written yet, so that {@link movesInProgress} knows. */
export async function whileMoving<T>(repository: string, work: () => Promise<T>): Promise<T> {
  const mark = join(repository, PUSHING, `${process.pid}-${randomUUID()}`)
  await mkdir(join(repository, PUSHING), { recursive: true })
  await synced(mark, 'wx')
  try {
    return await work()
  } finally {
    await rm(mark, { force: true })
  }
}

/** Whether a living process is between moving a ref and recording it. Marks of dead ones are removed. */
export async function movesInProgress(repository: string): Promise<boolean> {
  const marks = await readdir(join(repository, PUSHING)).catch(() => [])
  const alive = await Promise.all(marks.map(mark => isAlive(join(repository, PUSHING, mark))))
  return alive.includes(true)
}

const ABSENT = '0'.repeat(40)
const LINE = /^([0-9a-f]{40}) ([0-9a-f]{40}) (refs\/[A-Za-z0-9._/-]+)$/

/** A push takes moments from its first hook to its last; an older mark has a recycled process id. */
const MAX_MARK_SECONDS = 120

async function readMoves(repository: string, file: string): Promise<RefMove[]> {
  const text = await readFile(join(repository, DELIVERIES, file), 'utf8').catch(() => '')
  const lines = text.split('\n').map(line => LINE.exec(line))
  return lines.flatMap(line =>
    line ? [{ before: present(line[1]!), after: present(line[2]!), ref: line[3]! }] : [],
  )
}

function present(commit: string): string | null {
  return commit === ABSENT ? null : commit
}

/** Nanoseconds since 1970, so that names sort by time, as in the hook. */
function newName(): string {
  return `${BigInt(Date.now()) * 1_000_000n}-${randomUUID().slice(0, 8)}`
}

async function synced(
  path: string,
  flags: string,
  write?: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags, 0o600)
  try {
    await write?.(handle)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function isAlive(mark: string): Promise<boolean> {
  const age = await stat(mark).then(
    ({ mtimeMs }) => (Date.now() - mtimeMs) / 1000,
    () => Number.POSITIVE_INFINITY,
  )
  const pid = Number.parseInt(mark.slice(mark.lastIndexOf('/') + 1), 10)
  if (age < MAX_MARK_SECONDS && processExists(pid)) return true
  await rm(mark, { force: true })
  return false
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
