import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { readFile, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { linkTree } from '#ml-service/executor/link-tree.ts'
import type { CachedStep, FinishedStep, KeptStep, StepCache, TrialReport } from '#ml-service/job.ts'
import { contentDigests } from './content-digests.ts'
import { keptEntries, leastRecentlyUsed, stockOf } from './step-cache-stock.ts'

/** What stands in an entry's `entry.json`. Its outputs lie beside it under `outputs/<name>`. */
interface Entry extends KeptStep {
  /** Digests by output name. */
  outputs: Record<string, string>
  /** Of all files. */
  bytes: number
  /** Of a sweep. */
  trials?: TrialReport[]
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
  const stock = stockOf(directory)
  return {
    async find(key) {
      const folder = entryFolder(key)
      const entry = await readEntry(folder)
      if (!entry) return undefined
      const cached = cachedStep(folder, entry)
      if (await isIntact(cached, digest)) return used(folder, cached)
      await discard(directory, folder)
      return undefined
    },
    async store(key, step) {
      if (await readEntry(entryFolder(key))) return
      mkdirSync(join(directory, key.slice(0, 2)), { recursive: true })
      const { folder, bytes } = await assemble(directory, step)
      if (await publish(folder, entryFolder(key))) stock.grew(bytes)
    },
    async ofStep(step) {
      const kept = await Promise.all((await keptEntries(directory)).map(({ folder }) => readEntry(folder)))
      const ofThis = kept.filter((entry): entry is Entry => entry?.step === step)
      return ofThis.sort((a, b) => (a.storedAt < b.storedAt ? 1 : -1))
    },
    async trim(bytes) {
      if (!(await stock.exceeds(bytes))) return
      const { kept, unused } = leastRecentlyUsed(await keptEntries(directory), bytes)
      for (const { folder } of unused) await discard(directory, folder)
      await stock.counted(kept)
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

function cachedStep(folder: string, { outputs, bytes, storedAt, ...about }: Entry): CachedStep {
  const paths = Object.entries(outputs).map(([name, digest]) => {
    return [name, { path: join(folder, 'outputs', name), digest }] as const
  })
  return { ...about, outputs: Object.fromEntries(paths), log: join(folder, 'log.txt') }
}

/** The time of the entry's file tells when it was used last. */
async function used(folder: string, cached: CachedStep): Promise<CachedStep> {
  const now = new Date()
  await utimes(join(folder, 'entry.json'), now, now).catch(() => {})
  return cached
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

async function assemble(
  directory: string,
  finished: FinishedStep,
): Promise<{ folder: string; bytes: number }> {
  const folder = temporaryFolder(directory)
  mkdirSync(join(folder, 'outputs'))
  let bytes = await linkTree(finished.log, join(folder, 'log.txt'), { protect: true })
  for (const [name, { path }] of Object.entries(finished.outputs)) {
    bytes += await linkTree(path, join(folder, 'outputs', name), { protect: true })
  }
  const digests = Object.entries(finished.outputs).map(([name, { digest }]) => [name, digest])
  const { log, outputs: paths, ...about } = finished
  const outputs = Object.fromEntries(digests)
  const entry: Entry = { ...about, outputs, bytes, storedAt: new Date().toISOString() }
  writeFileSync(join(folder, 'entry.json'), JSON.stringify(entry))
  return { folder, bytes }
}

/** Whether it came first: a folder isn't renamed over one that has contents. */
async function publish(assembled: string, folder: string): Promise<boolean> {
  try {
    await rename(assembled, folder)
    return true
  } catch (error) {
    await rm(assembled, { recursive: true, force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    return false
  }
}

function temporaryFolder(directory: string): string {
  const folder = join(directory, 'tmp', randomUUID())
  mkdirSync(folder, { recursive: true })
  return folder
}
