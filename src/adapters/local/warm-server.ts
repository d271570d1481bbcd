import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** A running fork server and the `python` that asks it. */
export interface WarmServer {
  /** Folder with `python`, `python3` and the like. */
  bin: string
  ended(): boolean
  /** Makes it load what these Python files import. */
  preload(code: readonly string[]): void
  close(): Promise<void>
}

export interface WarmServerOptions {
  /** A new folder of its own. */
  folder: string
  /** Folder that is first on the PYTHONPATH of all its clients. */
  startup: string
  runtime: string
  idleSeconds: number
  environment: string
  env: Readonly<Record<string, string>>
  /** Told, a line each, which scripts were forked and why others were not. */
  onNote: (line: string) => void
}

const NAMES = ['python', 'python3']

/** Linux reads that much of a script's first line. */
const LONGEST_SHEBANG = 255

/** Resolves when the server listens; what it loads it loads then. Throws when there can't be one. */
export async function startWarmServer(options: WarmServerOptions): Promise<WarmServer> {
  const { folder, environment } = options
  const bin = join(folder, 'bin')
  await mkdir(bin, { recursive: true, mode: 0o700 })
  await writeClients(bin, options)
  await writeFile(join(folder, 'placeholder'), 'raise SystemExit("the fork server ran no script")\n')
  const settings = {
    parent: process.pid,
    startup: options.startup,
    idleSeconds: options.idleSeconds,
    bin: join(environment, 'bin'),
  }
  await writeFile(join(folder, 'server.json'), JSON.stringify(settings))
  const child = await spawnServer(options)
  await listening(child, options.onNote)
  return serverOf(child, folder, bin)
}

async function writeClients(bin: string, { environment, runtime }: WarmServerOptions): Promise<void> {
  const shebang = `#!${join(environment, 'bin/python')} -ISE`
  if (/\s/.test(environment) || Buffer.byteLength(shebang) > LONGEST_SHEBANG) {
    throw new Error(`the path of the environment can't stand in a script's first line: ${environment}`)
  }
  const source = await readFile(join(runtime, 'client.py'), 'utf8')
  const text = `${shebang}\n${source.replace('@ENVIRONMENT@', environment)}`
  const names = NAMES.filter(name => existsSync(join(environment, 'bin', name)))
  await Promise.all(names.map(name => writeFile(join(bin, name), text, { mode: 0o700 })))
}

/** As a step's `python` would start, but for what precedes the step's own start-up modules. */
async function spawnServer({ folder, environment, env, runtime, startup }: WarmServerOptions) {
  const errors = await open(join(folder, 'errors'), 'w')
  try {
    return spawn(join(environment, 'bin/python'), [join(folder, 'placeholder')], {
      argv0: 'python',
      cwd: '/',
      detached: true,
      env: { ...env, PYTHONPATH: `${join(runtime, 'boot')}:${startup}` },
      stdio: ['pipe', 'pipe', errors.fd],
    })
  } finally {
    await errors.close()
  }
}

/** Its first line says that it listens; later ones why scripts got processes of their own. */
async function listening(child: ChildProcess, onNote: (line: string) => void): Promise<void> {
  const output = child.stdout as Readable
  const exit = once(child, 'exit')
  child.stdin?.on('error', () => {})
  const first = await Promise.race([once(output, 'data'), exit.then(() => undefined)])
  if (!first) throw new Error('the fork server ended')
  const lines = createInterface({ input: output })
  lines.on('line', onNote)
}

function serverOf(child: ChildProcess, folder: string, bin: string): WarmServer {
  const exit = once(child, 'exit')
  const ended = () => child.exitCode !== null || child.signalCode !== null
  for (const handle of [child, child.stdin, child.stdout]) (handle as { unref?(): void } | null)?.unref?.()
  return {
    bin,
    ended,
    preload(code) {
      if (!ended()) (child.stdin as Writable).write(code.map(path => `${path}\n`).join(''))
    },
    async close() {
      child.ref()
      child.kill('SIGKILL')
      if (!ended()) await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}
