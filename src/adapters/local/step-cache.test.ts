import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contentDigests } from './content-digests.ts'
import { folderStepCache } from './step-cache.ts'

const KEY = 'ab'.repeat(32)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'))
  mkdirSync(join(folder, 'out/deep'), { recursive: true })
  writeFileSync(join(folder, 'out/deep/model.bin'), 'model')
  writeFileSync(join(folder, 'log.txt'), 'said\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const cache = () => folderStepCache(join(folder, 'cache'))
const digest = (path: string) => contentDigests(join(folder, 'digests'))(path)
const finished = async (job: string) => {
  const path = join(folder, 'out')
  const outputs = { model: { path, digest: await digest(path) } }
  const about = { job, step: 'train', parts: { spec: 'sha256:1' }, texts: { command: 'python train.py' } }
  return { ...about, outputs, log: join(folder, 'log.txt') }
}

test('gives back what was stored, read-only, also after the job’s folder is gone', async () => {
  await cache().store(KEY, await finished('first'))
  rmSync(join(folder, 'out'), { recursive: true })
  const found = await cache().find(KEY)
  expect(found).toMatchObject({ job: 'first', parts: { spec: 'sha256:1' } })
  const file = join(found!.outputs.model!.path, 'deep/model.bin')
  expect(readFileSync(file, 'utf8')).toBe('model')
  expect(statSync(file).mode & 0o222).toBe(0)
  expect(readFileSync(found!.log, 'utf8')).toBe('said\n')
})

test('the first writer wins, also among many at once, and nothing half-made stays', async () => {
  const jobs = ['a', 'b', 'c', 'd']
  await Promise.all(jobs.map(async job => cache().store(KEY, await finished(job))))
  expect(jobs).toContain((await cache().find(KEY))!.job)
  await cache().store(KEY, await finished('late'))
  expect((await cache().find(KEY))!.job).not.toBe('late')
  expect(readdirSync(join(folder, 'cache/tmp'))).toEqual([])
})

test('a changed entry is dropped and can be stored anew', async () => {
  await cache().store(KEY, await finished('first'))
  const file = join((await cache().find(KEY))!.outputs.model!.path, 'deep/model.bin')
  chmodSync(file, 0o644)
  writeFileSync(file, 'm0del')
  expect(await cache().find(KEY)).toBeUndefined()
  writeFileSync(join(folder, 'out/deep/model.bin'), 'model')
  await cache().store(KEY, await finished('second'))
  expect((await cache().find(KEY))!.job).toBe('second')
})

test('what was not used for the longest goes first when there is too much, and what jobs took stays', async () => {
  const keys = ['aa', 'bb', 'cc'].map(start => start.padEnd(64, '0'))
  for (const key of keys) {
    writeFileSync(join(folder, `out-${key}`), Buffer.alloc(100_000))
    const outputs = {
      data: { path: join(folder, `out-${key}`), digest: await digest(join(folder, `out-${key}`)) },
    }
    await cache().store(key, { ...(await finished(key)), outputs })
  }
  const taken = (await cache().find(keys[0]!))!.outputs.data!.path
  linkSync(taken, join(folder, 'taken'))
  await cache().trim(1_000_000)
  await cache().trim(250_000)
  const left = await Promise.all(keys.map(key => cache().find(key)))
  expect(left.map(entry => entry?.job)).toEqual([keys[0], undefined, keys[2]])
  await cache().trim(1)
  expect(await cache().find(keys[0]!)).toBeUndefined()
  expect(statSync(join(folder, 'taken')).size).toBe(100_000)
  expect(readdirSync(join(folder, 'cache/tmp'))).toEqual([])
})

test('tells what is kept of a step, newest first', async () => {
  await cache().store('aa'.padEnd(64, '0'), await finished('first'))
  await cache().store('bb'.padEnd(64, '0'), { ...(await finished('other')), step: 'prepare' })
  await cache().store('cc'.padEnd(64, '0'), await finished('second'))
  expect((await cache().ofStep('train')).map(({ job }) => job)).toEqual(['second', 'first'])
  expect((await cache().ofStep('train'))[0]).toMatchObject({ texts: { command: 'python train.py' } })
})

test('an unknown key is no error', async () => {
  expect(await cache().find('f'.repeat(64))).toBeUndefined()
})

test('digests depend on names and contents only, and follow links without going in circles', async () => {
  const before = await digest(join(folder, 'out'))
  symlinkSync('deep', join(folder, 'out/alias'))
  symlinkSync('..', join(folder, 'out/deep/up'))
  const linked = await digest(join(folder, 'out'))
  expect(linked).not.toBe(before)
  writeFileSync(join(folder, 'out/deep/model.bin'), 'other')
  expect(await digest(join(folder, 'out'))).not.toBe(linked)
  rmSync(join(folder, 'out/alias'))
  rmSync(join(folder, 'out/deep/up'))
  writeFileSync(join(folder, 'out/deep/model.bin'), 'model')
  chmodSync(join(folder, 'out/deep/model.bin'), 0o400)
  expect(await digest(join(folder, 'out'))).toBe(before)
})

test('a large file is read again as soon as it changes', async () => {
  const file = join(folder, 'large')
  const digests = contentDigests(join(folder, 'digests'))
  writeFileSync(file, Buffer.alloc(2_000_000))
  const first = await digests(file)
  expect(await digests(file)).toBe(first)
  writeFileSync(file, Buffer.alloc(2_000_000, 1))
  expect(await digests(file)).not.toBe(first)
})
