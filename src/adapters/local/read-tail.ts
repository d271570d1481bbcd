import { open } from 'node:fs/promises'

/** The last `bytes` of a text file, from the start of a line; empty when there is no such file. */
export async function readTail(file: string, bytes = 4000): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (!handle) return ''
  try {
    const { size } = await handle.stat()
    const start = Math.max(0, size - bytes)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start)
    const text = buffer.toString('utf8', 0, bytesRead)
    return (start > 0 ? text.slice(text.indexOf('\n') + 1) : text).trim()
  } finally {
    await handle.close()
  }
}
