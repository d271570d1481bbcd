import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import { compressing, worthCompressing } from './compression.ts'
import { sha256 } from './digest.ts'
import { type LayerFile, layerTar } from './layer.ts'
import { layerEntries } from './layer-entries.ts'

const time = new Date('2026-01-02T03:04:05.678Z')
const segment = fc
  .string({ minLength: 1, maxLength: 60 })
  .filter(text => !/[/\0]|^\.{1,2}$/.test(text) && !/\p{Surrogate}/u.test(text))
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map(segments => `app/${segments.join('/')}.x`)
const contents = fc
  .dictionary(path, fc.uint8Array({ maxLength: 2000 }), { maxKeys: 12 })
  .filter(
    files => !Object.keys(files).some(one => Object.keys(files).some(other => other.startsWith(`${one}/`))),
  )

test('a layer depends on paths and contents only, and gives them back', { timeout: 30_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(contents, async given => {
      const files = Object.entries(given).map(([name, bytes]) => file(name, Buffer.from(bytes)))
      const tar = await buffer(layerTar(files, time))
      expect((await buffer(layerTar([...files].reverse(), new Date(time.getTime() + 200)))).equals(tar)).toBe(
        true,
      )
      expect(await unpacked(tar)).toEqual(
        Object.fromEntries(Object.entries(given).map(([k, v]) => [k, Buffer.from(v)])),
      )
    }),
    { numRuns: 60 },
  )
})

test('modes, owners, times and parent folders are normal, and there are no pax headers', async () => {
  const tar = await buffer(layerTar([file('app/serve/predict.py', Buffer.from('x'))], time))
  const headers = [0, 1, 2].map(index => tar.subarray(index * 512, index * 512 + 512))
  expect(headers.map(header => header.toString('latin1', 0, 100).replace(/\0+$/, ''))).toEqual([
    'app/',
    'app/serve/',
    'app/serve/predict.py',
  ])
  expect(headers.map(header => header.toString('latin1', 100, 107).trim())).toEqual(
    ['000755', '000755', '000644'].map(mode => expect.stringContaining(mode)),
  )
  for (const header of headers) {
    expect(Number.parseInt(header.toString('latin1', 136, 147), 8)).toBe(Math.floor(time.getTime() / 1000))
    expect(header.toString('latin1', 108, 115)).toBe(header.toString('latin1', 116, 123))
    expect(['0', '5']).toContain(String.fromCharCode(header[156]!))
  }
})

test.each([['../x'], ['/x'], ['a//b'], ['a/./b'], ['a/..'], ['a\0b'], ['a', 'a'], ['a', 'a/b']])(
  'paths %j, %j are refused',
  (...paths) => {
    expect(() =>
      layerTar(
        paths.map(name => file(name, Buffer.alloc(0))),
        time,
      ),
    ).toThrow(UserError)
  },
)

test('a file that has another size than announced breaks the stream', async () => {
  const lying = { ...file('a', Buffer.from('abc')), bytes: 4 }
  await expect(buffer(layerTar([lying], time))).rejects.toThrow()
})

test('gzip names no operating system, and stored gzip keeps the bytes', async () => {
  const source = Buffer.from('millwright'.repeat(1000))
  for (const kind of ['gzip', 'stored'] as const) {
    const parts: Buffer[] = []
    await pipeline([Readable.from([source]), ...compressing(kind), collect(parts)] as never)
    const bytes = Buffer.concat(parts)
    expect([...bytes.subarray(0, 10)]).toEqual(
      [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, expect.any(Number), 255].map((value, index) =>
        index === 8 ? bytes[8] : value,
      ),
    )
    expect(bytes.length > source.length).toBe(kind === 'stored')
  }
})

test('text is worth compressing, noise is not', () => {
  expect(worthCompressing(Buffer.from('0.25, '.repeat(10_000)))).toBe(true)
  expect(worthCompressing(noise(100_000))).toBe(false)
})

function file(name: string, bytes: Buffer): LayerFile {
  return { path: name, bytes: bytes.length, open: () => Readable.from([bytes]) }
}

async function unpacked(tar: Buffer): Promise<Record<string, Buffer>> {
  const digest = sha256(tar)
  const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: tar.length }
  const found: Record<string, Buffer> = {}
  for await (const entry of layerEntries(Readable.from([tar]), descriptor, digest)) {
    if (entry.type === 'file') found[entry.path] = await buffer(entry.content)
  }
  return found
}

function collect(parts: Buffer[]) {
  return async (source: AsyncIterable<Buffer>) => {
    for await (const part of source) parts.push(part)
  }
}

/** A linear congruential generator: the same noise in every run. */
function noise(length: number): Buffer {
  let state = 1
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    }),
  )
}
