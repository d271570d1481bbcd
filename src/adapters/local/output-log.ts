import { appendFile, closeSync, createReadStream, openSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'

/** Keeps a command's output in a file: the first and the last half of `logBytes`, with a notice of what is missing. */
export interface OutputLog {
  /** Reads `output` to its end, no faster than the file takes it. */
  consume(output: Readable, onOutput?: (chunk: Buffer) => void): Promise<void>
  /** Whether everything that was read is written: there is only more if the output has more. */
  idle(): boolean
  close(): Promise<void>
}

const DEFAULT_BYTES = 64 * 1024 * 1024

const append = promisify(appendFile) as (file: number, chunk: Buffer | string) => Promise<void>

/** Opens `log` for appending. Throws when it can't be written. */
export function openOutputLog(log: string, logBytes = DEFAULT_BYTES): OutputLog {
  const head = openSync(log, 'a')
  const tail = rotatingTail(log, Math.max(1, Math.floor(logBytes / 2)))
  let writing = false
  let room = Math.max(1, Math.ceil(logBytes / 2))
  async function keep(chunk: Buffer): Promise<void> {
    const now = chunk.subarray(0, room)
    room -= now.length
    if (now.length > 0) await append(head, now)
    if (now.length < chunk.length) await tail.append(chunk.subarray(now.length))
  }
  return {
    async consume(output, onOutput) {
      for await (const chunk of output as AsyncIterable<Buffer>) {
        writing = true
        onOutput?.(chunk)
        await keep(chunk)
        writing = false
      }
    },
    idle: () => !writing,
    async close() {
      await tail.moveTo(head).finally(() => closeSync(head))
    },
  }
}

/** The last `limit` bytes of what is appended, in two files of at least as many bytes each: memory stays small. */
function rotatingTail(log: string, limit: number) {
  const size = Math.max(limit, 1024 * 1024)
  const files = [`${log}.tail-0`, `${log}.tail-1`]
  let current: { handle: FileHandle; file: string; bytes: number } | undefined
  let previous: { file: string; bytes: number } | undefined
  let total = 0

  async function rotate(): Promise<void> {
    await current?.handle.close()
    const file = files.find(name => name !== current?.file)!
    previous = current
    current = { handle: await open(file, 'w'), file, bytes: 0 }
  }
  async function add(chunk: Buffer): Promise<void> {
    for (let rest = chunk; rest.length > 0; ) {
      if (!current || current.bytes >= size) await rotate()
      const part = rest.subarray(0, size - current!.bytes)
      await current!.handle.appendFile(part)
      current!.bytes += part.length
      total += part.length
      rest = rest.subarray(part.length)
    }
  }
  async function moveTo(target: number): Promise<void> {
    if (!current) return
    await current.handle.close()
    const kept = Math.min(limit, total)
    if (total > kept) await append(target, `\n[millwright: ${total - kept} bytes of output left out]\n`)
    const fromPrevious = kept - current.bytes
    if (previous && fromPrevious > 0) await copy(previous.file, previous.bytes - fromPrevious, target)
    await copy(current.file, Math.max(0, -fromPrevious), target)
    await Promise.all(files.map(file => rm(file, { force: true })))
  }
  return { append: add, moveTo }
}

async function copy(file: string, start: number, target: number): Promise<void> {
  for await (const chunk of createReadStream(file, { start })) await append(target, chunk as Buffer)
}
