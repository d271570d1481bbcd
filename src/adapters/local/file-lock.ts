import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Does short work (well under `ABANDONED_MS`) while no other process does work under the same lock file.
 * A lock whose process was killed is taken over. Throws Error when it can't be had within 30 s.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const owner = `${hostname()} ${process.pid} ${randomUUID()}`
  await acquire(file, owner)
  try {
    return await work()
  } finally {
    if ((await ownerOf(file)) === owner) await rm(file, { force: true })
  }
}

const PATIENCE_MS = 30_000
const ABANDONED_MS = 20_000

async function acquire(file: string, owner: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await tryToTake(file, owner))) {
    if (performance.now() > deadline) throw new Error(`${file} is locked by ${await ownerOf(file)}`)
    await removeAbandoned(file)
    await pause(2 + Math.random() * 10)
  }
}

/** A link appears with its content or not at all, and only once. */
async function tryToTake(file: string, owner: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, owner)
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function removeAbandoned(file: string): Promise<void> {
  const owner = await ownerOf(file)
  if (owner === undefined || !(await isAbandoned(file, owner))) return
  const aside = `${file}.${randomUUID()}`
  const taken = await rename(file, aside).then(
    () => true,
    () => false,
  )
  if (!taken) return
  if ((await ownerOf(aside)) !== owner) await link(aside, file).catch(() => {})
  await rm(aside, { force: true })
}

async function isAbandoned(file: string, owner: string): Promise<boolean> {
  const [host, pid] = owner.split(' ')
  if (host === hostname() && !isAlive(Number(pid))) return true
  const facts = await stat(file).catch(() => undefined)
  return facts !== undefined && Date.now() - facts.mtimeMs > ABANDONED_MS
}

/** Whether a process of this machine is there, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function ownerOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}
