import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A file that may still grow, or not be there yet. */
export interface GrowingFile {
  file: string | undefined
  /** Whether nothing will be added any more. */
  isWhole: boolean
}

const CHUNK_BYTES = 64 * 1024
const LOOK_MS = 250

/**
 * The bytes of a file from an offset on, up to the size that it has at the start; with `follow` also what is added
 * until it is whole. One chunk is in memory at a time, and it is read when it is wanted. Ends when the reader goes.
 */
export function growingFile(
  first: GrowingFile,
  look: () => Promise<GrowingFile>,
  { offset, tail, follow }: { offset: number; tail?: number | undefined; follow: boolean },
): ReadableStream<Uint8Array> {
  let state = first
  let handle: FileHandle | undefined
  let position = offset
  let end = Number.POSITIVE_INFINITY
  let gone = false

  async function begin(): Promise<void> {
    if (handle || state.file === undefined) return
    handle = await open(state.file).catch(() => undefined)
    const size = (await handle?.stat())?.size ?? 0
    if (tail !== undefined) position = Math.max(position, size - tail)
    if (!follow) end = size
  }
  async function read(): Promise<Uint8Array | undefined> {
    await begin()
    const length = Math.min(CHUNK_BYTES, end - position)
    if (!handle || length <= 0) return undefined
    const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, position)
    position += bytesRead
    return bytesRead > 0 ? buffer.subarray(0, bytesRead) : undefined
  }
  /** What was written before the file became whole is read once more after that was seen. */
  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { isWhole } = state
      const chunk = await read()
      if (chunk || gone || isWhole || !follow) return chunk
      await sleep(LOOK_MS)
      state = await look()
    }
  }
  const close = async () => {
    gone = true
    await handle?.close()
    handle = undefined
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await next().catch(async error => {
        await close()
        throw error
      })
      if (chunk) return controller.enqueue(chunk)
      await close()
      controller.close()
    },
    cancel: close,
  })
}
