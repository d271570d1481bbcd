import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pidNamespace, startTime } from './process-table.ts'

const HEARTBEAT_MS = 5_000
const STALE_MS = 30_000
const POLL_MS = 50

/**
 * Does `work` while holding the lock folder, one process at a time. The lock of a process that died, or that gave no
 * sign for half a minute, is taken over; so it saves work that is done twice, but `work` must be safe without it.
 */
export async function withFolderLock<T>(
  folder: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await acquire(folder, signal)
  const heartbeat = setInterval(() => void touch(folder), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    await rm(folder, { recursive: true, force: true })
  }
}

async function acquire(folder: string, signal: AbortSignal | undefined): Promise<void> {
  while (!(await take(folder))) {
    if (await isStale(folder)) await rm(folder, { recursive: true, force: true })
    else await sleep(POLL_MS, undefined, { signal })
  }
}

async function take(folder: string): Promise<boolean> {
  try {
    await mkdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  await writeFile(join(folder, 'owner'), JSON.stringify(owner(process.pid))).catch(() => {})
  return true
}

function owner(pid: number) {
  return { machine: `${hostname()} ${pidNamespace()}`, pid, started: startTime(pid) ?? null }
}

async function isStale(folder: string): Promise<boolean> {
  const info = await stat(folder).catch(() => undefined)
  if (!info) return false
  if (Date.now() - info.mtimeMs > STALE_MS) return true
  const text = await readFile(join(folder, 'owner'), 'utf8').catch(() => '')
  return text !== '' && isDead(text)
}

function isDead(text: string): boolean {
  const { machine, pid, started } = JSON.parse(text) as ReturnType<typeof owner>
  if (machine !== owner(pid).machine) return false
  return !isRunning(pid) || owner(pid).started !== started
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function touch(folder: string): Promise<void> {
  const now = new Date()
  await utimes(folder, now, now).catch(() => {})
}
