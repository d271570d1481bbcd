import { mkdirSync, writeFileSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** An entry of the step cache. */
export interface Kept {
  folder: string
  bytes: number
  /** Milliseconds since 1970. */
  usedAt: number
}

/** About what a folder, its file `entry.json` and their names take on disk, besides the outputs. */
const BYTES_OF_AN_ENTRY = 8192

/** All entries, in no order. Those that vanish meanwhile are left out. */
export async function keptEntries(directory: string): Promise<Kept[]> {
  const shards = (await readdir(directory).catch(() => [])).filter(name => /^[0-9a-f]{2}$/.test(name))
  const entries = shards.map(async shard => {
    const keys = await readdir(join(directory, shard)).catch(() => [])
    return Promise.all(keys.map(key => keptEntry(join(directory, shard, key))))
  })
  return (await Promise.all(entries)).flat().filter(entry => entry !== undefined)
}

async function keptEntry(folder: string): Promise<Kept | undefined> {
  const file = join(folder, 'entry.json')
  const [info, text] = await Promise.all([
    stat(file).catch(() => undefined),
    readFile(file, 'utf8').catch(() => ''),
  ])
  const bytes = Number(/"bytes":(\d+)/.exec(text)?.[1] ?? 0)
  return info && { folder, bytes: bytes + BYTES_OF_AN_ENTRY, usedAt: info.mtimeMs }
}

/** Which entries have to go, those first that were not used for the longest, so that at most `limit` bytes are kept. */
export function leastRecentlyUsed(entries: Kept[], limit: number): { kept: number; unused: Kept[] } {
  const newestFirst = [...entries].sort((a, b) => b.usedAt - a.usedAt)
  let kept = 0
  const fitting = newestFirst.findIndex(({ bytes }) => {
    if (kept + bytes > limit) return true
    kept += bytes
    return false
  })
  return { kept, unused: fitting < 0 ? [] : newestFirst.slice(fitting).reverse() }
}

const RECOUNT_MS = 24 * 60 * 60 * 1000

/**
 * How much the cache holds, so that entries needn't be counted after each job: the last count (`stock.json`) and what
 * came since. Processes that add at the same time may lose each other's additions, so it is counted anew once a day.
 */
export function stockOf(directory: string) {
  const file = join(directory, 'stock.json')
  let added = 0
  async function read(): Promise<{ bytes: number; countedAt: number } | undefined> {
    return JSON.parse(await readFile(file, 'utf8').catch(() => 'null')) ?? undefined
  }
  function write(stock: { bytes: number; countedAt: number }): void {
    mkdirSync(directory, { recursive: true })
    writeFileSync(file, JSON.stringify(stock))
    added = 0
  }
  return {
    grew(bytes: number): void {
      added += bytes + BYTES_OF_AN_ENTRY
    },
    async exceeds(limit: number): Promise<boolean> {
      const last = await read().catch(() => undefined)
      if (!last || Date.now() - last.countedAt > RECOUNT_MS) return true
      const bytes = last.bytes + added
      if (bytes > limit) return true
      if (added > 0) write({ ...last, bytes })
      return false
    },
    async counted(bytes: number): Promise<void> {
      write({ bytes, countedAt: Date.now() })
    },
  }
}
