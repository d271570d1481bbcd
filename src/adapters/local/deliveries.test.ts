import { execFile } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '#config.ts'
import type { CodeHost } from '#ports/code-host.ts'
import { git, writeFiles } from '../../../test/contracts/code-host.ts'
import { localCodeHost } from './code-host.ts'
import { type Deliveries, localDeliveries } from './deliveries.ts'

const AUTHOR = ['-c', 'user.name=Author', '-c', 'user.email=author@example.invalid']
let root: string
let host: CodeHost
let deliveries: Deliveries
let repository: string
let clone: string
let first: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'deliveries '))
  const options = { directory: join(root, 'repositories'), gitEnv: readConfig().inheritedEnv }
  host = localCodeHost(options)
  deliveries = localDeliveries({ ...options, pollSeconds: 60 })
  await writeFiles(join(root, 'source'), { 'a.txt': 'a' })
  repository = (await host.create('factory', join(root, 'source'))).url
  clone = join(root, 'clone')
  await git(root, 'clone', '--quiet', repository, clone)
  first = (await host.refs('factory'))['refs/heads/main']!
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function commit(): Promise<string> {
  await git(clone, ...AUTHOR, 'commit', '--quiet', '--allow-empty', '-m', 'change')
  return (await git(clone, 'rev-parse', 'HEAD')).trim()
}

async function handleAll(): Promise<void> {
  for (const { id } of await deliveries.pending()) await deliveries.done(id)
}

test('an import is a delivery, under the same id until it is done, and not afterwards', async () => {
  const expected = {
    id: `scan:factory:refs/heads/main:${first}`,
    repository: 'factory',
    ref: 'refs/heads/main',
    before: null,
    after: first,
  }
  expect(await deliveries.pending()).toEqual([expected])
  expect(await deliveries.pending()).toEqual([expected])
  await deliveries.done(expected.id)
  await deliveries.done(expected.id)
  expect(await deliveries.pending()).toEqual([])
})

test('a push is recorded when it returns, with one delivery per ref, in the order of the pushes', async () => {
  await handleAll()
  const second = await commit()
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main', 'HEAD:refs/for/main/t')
  const third = await commit()
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main')
  const pending = await deliveries.pending()
  expect(pending.map(({ ref, before, after }) => [ref, before, after])).toEqual([
    ['refs/heads/main', first, second],
    ['refs/for/main/t', null, second],
    ['refs/heads/main', second, third],
  ])
  expect(pending.map(({ id }) => id.startsWith('scan:'))).toEqual([false, false, false])
  for (const [index, { id }] of pending.entries()) {
    await deliveries.done(id)
    expect(await deliveries.pending()).toEqual(pending.slice(index + 1))
  }
})

test('deliveries that are done out of order are each done once', async () => {
  await handleAll()
  for (let push = 0; push < 3; push++) {
    await commit()
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main')
  }
  const pending = await deliveries.pending()
  await Promise.all(pending.reverse().map(({ id }) => deliveries.done(id)))
  expect(await deliveries.pending()).toEqual([])
})

test('the pusher is told', async () => {
  await commit()
  const push = promisify(execFile)('git', ['push', 'origin', 'HEAD:refs/heads/main'], { cwd: clone })
  expect((await push).stderr).toContain('Millwright: accepted, see `millwright run list`')
})

test.each([
  ['was killed', '#!/bin/sh\nkill -9 $$\n'],
  ['was killed together with git', '#!/bin/sh\nkill -9 $PPID $$\n'],
])('a push whose hook %s is found by looking at the refs', async (_, script) => {
  await handleAll()
  await writeFile(join(repository, 'hooks/post-receive'), script)
  const second = await commit()
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main').catch(() => {})
  const [delivery, ...others] = await deliveries.pending()
  expect(others).toEqual([])
  expect(delivery).toMatchObject({ ref: 'refs/heads/main', before: first, after: second })
  await deliveries.done(delivery!.id)
  expect(await deliveries.pending()).toEqual([])
  expect(await readdir(join(repository, 'millwright/pushing'))).toEqual([])
})

test('hooks that the pusher has set for all repositories do not replace ours', async () => {
  await handleAll()
  await commit()
  await git(clone, '-c', 'core.hooksPath=/dev/null', 'push', '--quiet', 'origin', 'HEAD:refs/heads/main')
  await writeFile(join(clone, '.gitconfig'), '[core]\n\thooksPath = /dev/null\n')
  await commit()
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main')
  expect(await readdir(join(repository, 'millwright/deliveries'))).toHaveLength(2)
})

test('a merge, a forced update and a deletion are deliveries', async () => {
  await handleAll()
  const head = await commit()
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/for/main/t')
  const merge = { branch: 'main', expected: first, head, message: 'm' }
  const merged = await host.merge('factory', merge)
  await host.merge('factory', merge)
  await git(clone, ...AUTHOR, 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'again')
  const amended = (await git(clone, 'rev-parse', 'HEAD')).trim()
  await git(clone, 'push', '--quiet', '--force', 'origin', 'HEAD:refs/for/main/t')
  await git(clone, 'push', '--quiet', 'origin', ':refs/for/main/t')
  const moves = (await deliveries.pending()).map(({ ref, before, after }) => [ref, before, after])
  expect(moves).toEqual([
    ['refs/for/main/t', null, head],
    ['refs/heads/main', first, merged],
    ['refs/for/main/t', head, amended],
    ['refs/for/main/t', amended, null],
  ])
  await handleAll()
  expect(await deliveries.pending()).toEqual([])
})

test('looking while pushes go on finds each of them once', async () => {
  await handleAll()
  const found = new Map<string, string>()
  let pushing = true
  const looking = (async () => {
    while (pushing) {
      for (const { id, after } of await deliveries.pending()) {
        found.set(id, after!)
        await deliveries.done(id)
      }
    }
  })()
  const pushed: string[] = []
  for (let push = 0; push < 8; push++) {
    pushed.push(await commit())
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main')
  }
  pushing = false
  await looking
  for (const { id, after } of await deliveries.pending()) found.set(id, after!)
  expect([...found.values()]).toEqual(pushed)
}, 30_000)

test('watching tells of pushes and of new repositories, until it is stopped', async () => {
  const stop = new AbortController()
  const changes = new EventEmitter()
  const pendingCount = async (wanted: number) => {
    for (;;) {
      const changed = once(changes, 'change')
      if ((await deliveries.pending()).length === wanted) return
      await changed
    }
  }
  deliveries.watch(() => changes.emit('change'), stop.signal)
  await commit()
  await Promise.all([pendingCount(2), git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/for/main/t')])
  await Promise.all([pendingCount(3), host.create('other', join(root, 'source'))])
  stop.abort()
})
