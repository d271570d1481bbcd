import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './postgres-cluster.ts'

/** What PostgreSQL's main process says of itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number
  port: number
  ready: boolean
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '32MB',
  io_method: 'sync',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  max_worker_processes: '2',
  max_logical_replication_workers: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** The postmaster that lives in the data directory, whoever started it. */
export async function livePostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !postmasterLives(pid, data)) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** Whether `pid` is a running PostgreSQL of this data directory, and not a stranger that was given the same number. */
export function postmasterLives(pid: number, data: string): boolean {
  try {
    process.kill(pid, 0)
    return commandLine(pid).includes(data)
  } catch {
    return false
  }
}

/** Starts a postmaster in a session of its own: it outlives a killed server, which finds it again. Returns its pid. */
export async function spawnPostmaster(cluster: Cluster, port: number): Promise<number> {
  await disarmStalePidFile(cluster.data)
  await keepLogSmall(cluster.log)
  const log = openSync(cluster.log, 'a', 0o600)
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const identity = cluster.account ? { uid: cluster.account.uid, gid: cluster.account.gid } : {}
  try {
    const child = spawn(cluster.binaries.postgres, ['-D', cluster.data, ...settings], {
      ...{ ...identity, detached: true, cwd: '/', stdio: ['ignore', log, log] },
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    })
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('spawn', () => resolve(child.pid!))
      child.unref()
    })
  } finally {
    closeSync(log)
  }
}

/** SIGINT is PostgreSQL's fast shutdown: sessions are ended, all is written. SIGQUIT (recovery at the next start) after 30 s. */
export async function stopPostmaster(pid: number, data: string): Promise<void> {
  const deadline = Date.now() + 30_000
  if (postmasterLives(pid, data)) process.kill(pid, 'SIGINT')
  while (postmasterLives(pid, data)) {
    await sleep(20)
    if (Date.now() > deadline) process.kill(pid, 'SIGQUIT')
  }
}

/** The last lines that PostgreSQL wrote, for an error message. */
export async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-4).join('\n')
}

function commandLine(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
}

/**
 * PostgreSQL removes a dead process's pid file by itself, but refuses to start when the number belongs to another
 * process of its account now. The file is kept all the same, with a number that no process has: its other lines let
 * PostgreSQL find orphaned sessions that may still write.
 */
async function disarmStalePidFile(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => '')
  if (/^\d/.test(text)) await writeFile(file, text.replace(/^\d+/, '999999999'))
}

async function keepLogSmall(log: string): Promise<void> {
  await (await open(log, 'a', 0o600)).close()
  if ((await stat(log)).size > 16 * 1024 * 1024) await truncate(log)
}
