import type { BigIntStats } from 'node:fs'
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Digests of files that weren't changed since they were read: same device, inode, size and time of change. */
export interface DigestMemory {
  find(file: BigIntStats): Promise<string | undefined>
  keep(file: BigIntStats, digest: string): Promise<void>
}

const MOST_LINES = 20_000
/** A file changed so recently may be changed again within the same tick of the file system's clock. */
const SETTLED_NS = 2_000_000_000n

/** Keeps them in a file of lines `identity digest`. Processes may share it: each appends whole lines. */
export function digestMemory(path: string): DigestMemory {
  let loaded: Promise<Map<string, string>> | undefined
  const entries = () => {
    loaded ??= load(path)
    return loaded
  }
  return {
    find: async file => (await entries()).get(identity(file)),
    async keep(file, digest) {
      if (BigInt(Date.now()) * 1_000_000n - file.mtimeNs < SETTLED_NS) return
      const known = await entries()
      known.set(identity(file), digest)
      await appendFile(path, `${identity(file)} ${digest}\n`)
    },
  }
}

function identity(file: BigIntStats): string {
  return [file.dev, file.ino, file.size, file.mtimeNs].join(':')
}

async function load(path: string): Promise<Map<string, string>> {
  await mkdir(dirname(path), { recursive: true })
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.split('\n').filter(line => /^[\d:]+ [0-9a-f]{64}$/.test(line))
  const kept = lines.slice(-MOST_LINES / 2)
  if (lines.length > MOST_LINES) await replace(path, kept)
  return new Map((lines.length > MOST_LINES ? kept : lines).map(line => line.split(' ') as [string, string]))
}

async function replace(path: string, lines: string[]): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, `${lines.join('\n')}\n`)
  await rename(temporary, path)
}
