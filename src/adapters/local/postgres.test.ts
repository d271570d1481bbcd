import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connectDatabase } from '#database/connect.ts'
import { type EmbeddedPostgres, startPostgres } from './postgres.ts'
import { choosePostgresAccount } from './postgres-account.ts'
import { postgresBinaries } from './postgres-binaries.ts'

let home: string
let started: EmbeddedPostgres[]

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'millwright-postgres-'))
  started = []
})
afterEach(async () => {
  for (const postgres of started) await postgres.stop()
  await rm(home, { recursive: true, force: true })
})

async function start(folder = home, lines: string[] = []): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ home: folder, log: line => lines.push(line) })
  started.push(postgres)
  return postgres
}

async function answer(url: string): Promise<unknown> {
  const { db, close } = connectDatabase(url)
  const { rows } = await sql`select 1 as one`.execute(db)
  await close()
  return rows[0]
}

test('starts, keeps its data and its port, and leaves nothing running', async () => {
  const first = await start()
  expect(await answer(first.url)).toEqual({ one: 1 })
  expect(new URL(first.url).hostname).toBe('127.0.0.1')
  expect(new URL(first.url).port).not.toBe('5432')
  const { mode } = await stat(join(home, 'postgres.json'))
  expect(mode & 0o777).toBe(0o600)
  await first.stop()
  expect(() => process.kill(first.pid, 0)).toThrow()
  const second = await start()
  expect(second.url).toBe(first.url)
})

test('a killed PostgreSQL is back on the same port, and the same pool goes on', async () => {
  const lines: string[] = []
  const postgres = await start(home, lines)
  const { db, close } = connectDatabase(postgres.url)
  await sql`create table kept (id integer)`.execute(db)
  const killed = postgres.pid
  process.kill(killed, 'SIGKILL')
  await vi.waitFor(() => expect(postgres.pid).not.toBe(killed), { timeout: 10_000 })
  await vi.waitFor(() => sql`insert into kept values (1)`.execute(db), { timeout: 10_000 })
  expect(lines.join()).toContain('PostgreSQL has ended')
  await close()
})

test('a postmaster that somebody left running is adopted, by two at once too', async () => {
  const first = await start()
  const [second, third] = await Promise.all([start(), start()])
  expect([second.pid, third.pid]).toEqual([first.pid, first.pid])
  expect(await answer(third.url)).toEqual({ one: 1 })
})

test('two first starts at once make one database', async () => {
  const [a, b] = await Promise.all([start(), start()])
  expect(a.url).toBe(b.url)
  expect(a.pid).toBe(b.pid)
})

test('a pid file whose number belongs to another process now is no obstacle', async () => {
  const first = await start()
  const file = join(await dataDirectory(), 'postmaster.pid')
  const text = await readFile(file, 'utf8')
  await first.stop()
  await writeFile(file, text.replace(/^\d+/, String(process.pid)))
  expect(await answer((await start()).url)).toEqual({ one: 1 })
})

test('an initialisation that was interrupted is done again', async () => {
  await (await start()).stop()
  const data = await dataDirectory()
  await rm(data, { recursive: true })
  await mkdir(join(data, '..', 'init-broken', 'data'), { recursive: true })
  expect(await answer((await start()).url)).toEqual({ one: 1 })
})

test('lost settings beside existing data are named, not overwritten', async () => {
  await (await start()).stop()
  await rm(join(home, 'postgres.json'))
  await expect(start()).rejects.toThrow(/postgres.json with its password is gone/)
})

test('without the package’s install script the library links are made in a copy', async () => {
  const root = join(home, 'package')
  await mkdir(join(root, 'native', 'bin'), { recursive: true })
  await writeFile(join(root, 'package.json'), '{"version":"1.2.3"}')
  await writeFile(
    join(root, 'native', 'pg-symlinks.json'),
    '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]',
  )
  await mkdir(join(root, 'native', 'lib'))
  await writeFile(join(root, 'native', 'lib', 'libpq.so.5.18'), 'library')
  await writeFile(join(root, 'native', 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o755 })
  const [first, second] = await Promise.all([
    postgresBinaries(home, undefined, root),
    postgresBinaries(home, undefined, root),
  ])
  expect(first).toEqual(second)
  expect(first.postgres.startsWith(join(home, 'tools'))).toBe(true)
  expect(await readFile(join(first.postgres, '../../lib/libpq.so.5'), 'utf8')).toBe('library')
  await promisify(execFile)(first.postgres)
})

test('root needs another account; others run PostgreSQL themselves', async () => {
  const passwd = join(home, 'passwd')
  await writeFile(passwd, 'root:x:0:0::/root:/bin/sh\n')
  await expect(choosePostgresAccount(0, passwd)).rejects.toThrow(/refuses to run as root/)
  await writeFile(passwd, 'root:x:0:0:::\nnobody:x:65534:65534:::\npostgres:x:101:104:::\n')
  expect(await choosePostgresAccount(0, passwd)).toMatchObject({ name: 'postgres', uid: 101, gid: 104 })
  expect(await choosePostgresAccount(1000, passwd)).toBeUndefined()
})

async function dataDirectory(): Promise<string> {
  const { directory } = JSON.parse(await readFile(join(home, 'postgres.json'), 'utf8'))
  return join(home, directory, 'data')
}
