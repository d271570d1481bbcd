import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withFileLock } from './file-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millwright-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('one at a time: no addition to a counter file is lost', async () => {
  const counter = join(folder, 'counter')
  await writeFile(counter, '0')
  const add = () =>
    withFileLock(join(folder, 'lock'), async () => {
      await writeFile(counter, String(Number(await readFile(counter, 'utf8')) + 1))
    })
  await Promise.all(Array.from({ length: 30 }, add))
  expect(await readFile(counter, 'utf8')).toBe('30')
  expect(await readdir(folder)).toEqual(['counter'])
})

test('a failure gives the lock back', async () => {
  const lock = join(folder, 'lock')
  await expect(withFileLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withFileLock(lock, async () => 'free')).toBe('free')
})

test.each([
  ['a killed process', `${hostname()} 4194303 x`, new Date()],
  ['another machine, long ago', 'elsewhere 1 x', new Date(Date.now() - 60_000)],
])('the lock of %s is taken over by exactly one', async (_, owner, time) => {
  const lock = join(folder, 'lock')
  await writeFile(lock, owner)
  await utimes(lock, time, time)
  let inside = 0
  const enter = () =>
    withFileLock(lock, async () => {
      expect(++inside).toBe(1)
      await readdir(folder)
      inside--
    })
  await Promise.all(Array.from({ length: 8 }, enter))
  expect(await readdir(folder)).toEqual([])
})
