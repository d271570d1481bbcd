import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '#config.ts'

/** A server of the demo's own, in a fresh home, and how to talk to it. */
export interface DemoServer {
  home: string
  url: string
  token: string
  stop(): Promise<void>
}

/**
 * Starts `millwright up` as a process of its own. The fresh home shares tools and Python environments with the user's,
 * so that a second demo doesn't fetch them again.
 */
export async function startServer(config: Config, home: string): Promise<DemoServer> {
  await shareTools(config.home, home)
  const log = openSync(join(home, 'up.log'), 'a')
  const child = spawn(process.execPath, [process.argv[1]!, 'up', '--port', '0'], {
    env: { ...config.inheritedEnv, MILLWRIGHT_HOME: home },
    stdio: ['ignore', log, log],
  })
  const { url, token } = await untilReady(child, home)
  return { home, url, token, stop: () => stopServer(child) }
}

async function shareTools(from: string, to: string): Promise<void> {
  for (const name of ['tools', 'environments']) {
    await mkdir(join(from, name), { recursive: true })
    await symlink(join(from, name), join(to, name))
  }
}

async function untilReady(child: ChildProcess, home: string): Promise<{ url: string; token: string }> {
  while (child.exitCode === null) {
    const text = await readFile(join(home, 'server.json'), 'utf8').catch(() => undefined)
    if (text) return JSON.parse(text) as { url: string; token: string }
    await sleep(50)
  }
  throw new Error(`the server did not start:\n${await readFile(join(home, 'up.log'), 'utf8')}`)
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exited
}
