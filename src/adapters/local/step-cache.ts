import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { linkTree } from '#ml-service/executor/link-tree.ts'
import type { CachedStep, FinishedStep, StepCache } from '#ml-service/job.ts'
import { contentDigests } from './content-digests.ts'

/** What stands in an entry's `entry.json`. Its outputs lie beside it under `outputs/<name>`. */
interface Entry {
  job: string
  parts: Record<string, string>
  /** Digests by output name. */
  outputs: Record<string, string>
  /** Time of storing, RFC 3339. */
  storedAt: string
}

/**
 * Keeps outputs of steps in a folder, an entry per key. Files are shared with the job that made them by hard links and
 * are read-only; a file that was changed all the same is noticed when its entry is taken, and the entry is dropped.
 */
export function folderStepCache(
  directory: string,
  digest = contentDigests(join(directory, 'digests')),
): StepCache {
  const entryFolder = (key: string) => join(directory, key.slice(0, 2), key)
  return {
    async find(key) {
      const folder = entryFolder(key)
      const entry = await readEntry(folder)
      if (!entry) return undefined
      const cached = cachedStep(folder, entry)
      if (await isIntact(cached, digest)) return cached
      await discard(directory, folder)
      return undefined
    },
    async store(key, step) {
      if (await readEntry(entryFolder(key))) return
      mkdirSync(join(directory, key.slice(0, 2)), { recursive: true })
      await publish(await assemble(directory, step), entryFolder(key))
    },
  }
}

async function readEntry(folder: string): Promise<Entry | undefined> {
  if (!existsSync(folder)) return undefined
  try {
    return JSON.parse(await readFile(join(folder, 'entry.json'), 'utf8')) as Entry
  } catch {
    return undefined
  }
}

function cachedStep(folder: string, { job, parts, outputs }: Entry): CachedStep {
  const paths = Object.entries(outputs).map(([name, digest]) => {
    return [name, { path: join(folder, 'outputs', name), digest }] as const
  })
  return { job, parts, outputs: Object.fromEntries(paths), log: join(folder, 'log.txt') }
}

async function isIntact(cached: CachedStep, digest: (path: string) => Promise<string>): Promise<boolean> {
  for (const output of Object.values(cached.outputs)) {
    const found = await digest(output.path).catch(() => undefined)
    if (found !== output.digest) return false
  }
  return true
}

/** Moved away first, so that nobody finds half of it. */
async function discard(directory: string, folder: string): Promise<void> {
  const grave = temporaryFolder(directory)
  await rename(folder, join(grave, 'entry')).catch(() => {})
  await rm(grave, { recursive: true, force: true })
}

async function assemble(directory: string, step: FinishedStep): Promise<string> {
  const folder = temporaryFolder(directory)
  mkdirSync(join(folder, 'outputs'))
  for (const [name, { path }] of Object.entries(step.outputs)) {
    await linkTree(path, join(folder, 'outputs', name), { protect: true })
  }
  await linkTree(step.log, join(folder, 'log.txt'), { protect: true })
  const digests = Object.entries(step.outputs).map(([name, { digest }]) => [name, digest])
  const { job, parts } = step
  const entry: Entry = {
    job,
    parts,
    outputs: Object.fromEntries(digests),
    storedAt: new Date().toISOString(),
  }
  writeFileSync(join(folder, 'entry.json'), JSON.stringify(entry))
  return folder
}

/** The first writer wins: a folder isn't renamed over one that has contents. */
async function publish(assembled: string, folder: string): Promise<void> {
  try {
    await rename(assembled, folder)
  } catch (error) {
    await rm(assembled, { recursive: true, force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}

function temporaryFolder(directory: string): string {
  const folder = join(directory, 'tmp', randomUUID())
  mkdirSync(folder, { recursive: true })
  return folder
}
