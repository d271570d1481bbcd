import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WarmPython, WarmStep, WarmUse } from '#ports/warm-python.ts'
import { hasHeavyPackages } from './warm-packages.ts'
import { startWarmServer, type WarmServer } from './warm-server.ts'

export interface WarmPythonOptions {
  /** Folder with the server's Python code, `runtimes/warm-python`. */
  runtime: string
  /** Servers kept for reuse; more only while steps use them. */
  servers?: number
  /** A server that nobody used for so long ends. */
  idleSeconds?: number
  /** Told, a line each, which scripts were forked and why others were not. */
  onNote?: (line: string) => void
}

const SERVERS = 3
const IDLE_SECONDS = 600

interface Kept {
  server: Promise<WarmServer | undefined>
  users: number
}

/**
 * One fork server for each environment and set of variables that decide how an interpreter starts. Servers hold some
 * 100 to 400 MB, most of it shared with their children. They end with this process, however it ends.
 */
export function localWarmPython(options: WarmPythonOptions): WarmPython {
  let home: string | undefined
  const place = () => (home ??= makeHome())
  const startup = () => join(place(), 'startup')
  const kept = new Map<string, Kept>()
  let started = 0
  async function start(step: WarmStep): Promise<WarmServer | undefined> {
    if (process.platform !== 'linux' || !(await hasHeavyPackages(step.environment))) return undefined
    const folder = join(place(), String(started++))
    return startWarmServer({
      ...{ folder, startup: firstOnPath(step.env), runtime: options.runtime },
      onNote: options.onNote ?? (() => {}),
      ...{ environment: step.environment, env: step.env, idleSeconds: options.idleSeconds ?? IDLE_SECONDS },
    }).catch(() => undefined)
  }
  return {
    startup,
    async use(step) {
      const key = keyOf(step)
      if (await hasEnded(kept.get(key))) kept.delete(key)
      const entry = kept.get(key) ?? { server: start(step), users: 0 }
      kept.delete(key)
      kept.set(key, entry)
      return use(entry, step, () => evict(kept, options.servers ?? SERVERS))
    },
    async close() {
      await Promise.all([...kept.values()].map(async ({ server }) => (await server)?.close()))
      kept.clear()
      if (home) await rm(home, { recursive: true, force: true })
      home = undefined
    },
  }
}

/** Private, and short: a socket's path has 108 bytes at most. */
function makeHome(): string {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'mw-')))
  mkdirSync(join(home, 'startup'))
  return home
}

/** Servers must not be shared where an interpreter would start in another way. */
function keyOf({ environment, env }: WarmStep): string {
  const decisive = Object.entries(env).filter(([name]) => DECISIVE.test(name))
  return JSON.stringify([environment, firstOnPath(env), ...decisive.sort()])
}

/** Holds what starts with every interpreter; what a step has on its PYTHONPATH besides doesn't matter to the server. */
function firstOnPath(env: Readonly<Record<string, string>>): string {
  return (env.PYTHONPATH ?? '').split(':')[0] ?? ''
}

const DECISIVE =
  /^(PYTHON(?!PATH$)|LANG|LC_|TZ$|LD_|GLIBC_|MALLOC_|G?OMP_|KMP_|OPENBLAS_|GOTO_|BLIS_|MKL_|NUMEXPR_|ARROW_|MPL|TF_|CUDA_|MLFLOW_(?!RUN_ID$|EXPERIMENT_|TRACKING_))/

async function hasEnded(entry: Kept | undefined): Promise<boolean> {
  return entry !== undefined && (await entry.server)?.ended() === true
}

async function use(entry: Kept, step: WarmStep, onRelease: () => void): Promise<WarmUse | undefined> {
  entry.users++
  let users = 1
  const release = () => {
    entry.users -= users
    users = 0
    onRelease()
  }
  const server = await entry.server
  if (!server) {
    release()
    return undefined
  }
  server.preload(step.code)
  return { folder: server.bin, release }
}

/** The map has the least recently used first. */
function evict(kept: Map<string, Kept>, limit: number): void {
  for (const [key, { server, users }] of kept) {
    if (kept.size <= limit) return
    if (users > 0) continue
    kept.delete(key)
    void server.then(one => one?.close())
  }
}
