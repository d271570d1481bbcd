import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StageFailure } from '#errors.ts'
import { freePort } from '#ml-service/executor/free-port.ts'
import type { ImageConfig } from '#packaging/documents.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import type { ImageEngine, RunningImage } from '#ports/image-engine.ts'
import { isAlive } from './file-lock.ts'
import { unpackImage } from './image-unpacker.ts'

export interface ProcessEngineOptions {
  /** Interpreter of an environment that has what the service needs; stands in for the image's own `python3`. */
  python: string
  commands: CommandRunner
  /** Where images are unpacked while they run; default: the system's temporary folder. */
  temporary?: string
}

/**
 * Runs an image's application and model layers as a process tree of this machine. It proves the application and the
 * model, not the base image nor the user: the report calls it `process`. Nothing is left when it stops or we die.
 */
export function processEngine(options: ProcessEngineOptions): ImageEngine {
  const temporary = options.temporary ?? tmpdir()
  return {
    name: 'process',
    async start(layout, settings) {
      settings.signal?.throwIfAborted()
      await removeAbandoned(temporary)
      const root = await mkdtemp(join(temporary, `${PREFIX}${process.pid}-`))
      try {
        const config = await unpackImage(layout, join(root, 'image'))
        return runApplication(root, await launchOf(config, root, options.python), options.commands, settings)
      } catch (error) {
        await rm(root, { recursive: true, force: true })
        throw error
      }
    },
  }
}

const PREFIX = 'millwright-image-'

/** Folders of processes that were killed. */
async function removeAbandoned(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN
    if (pid > 0 && !isAlive(pid)) await rm(join(temporary, name), { recursive: true, force: true })
  }
}

interface Launch {
  argv: string[]
  cwd: string
  env: Record<string, string>
  port: number
}

async function launchOf({ config }: ImageConfig, root: string, python: string): Promise<Launch> {
  const [program = '', ...args] = config.Entrypoint ?? []
  if (!/^(?:.*\/)?python3?(?:\.\d+)?$/.test(program)) {
    throw new StageFailure(`the engine 'process' runs Python services, not ${JSON.stringify(program)}`, {
      hint: 'use a container engine for images with an entrypoint of their own',
    })
  }
  const home = join(root, 'home')
  await mkdir(home)
  const port = await freePort()
  const places = { HOME: home, TMPDIR: home, PATH: `${dirname(python)}:/usr/local/bin:/usr/bin:/bin` }
  const env = { LANG: 'C.UTF-8', ...imageEnv(config.Env), ...places, HOST: '127.0.0.1', PORT: String(port) }
  return { argv: [python, ...args], cwd: join(root, 'image', config.WorkingDir ?? '/'), env, port }
}

function imageEnv(lines: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(lines.map(line => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]))
}

type Settings = Parameters<ImageEngine['start']>[1]

const GRACE_SECONDS = 10

function runApplication(
  root: string,
  launch: Launch,
  commands: CommandRunner,
  settings: Settings,
): RunningImage {
  const stopping = new AbortController()
  const { argv, cwd, port } = launch
  let grace = GRACE_SECONDS
  const stop = () => stopping.abort()
  settings.signal?.addEventListener('abort', stop)
  const running = commands.run({
    argv,
    cwd,
    env: { ...launch.env, ...settings.env },
    log: settings.log,
    signal: stopping.signal,
    /** Read when the signal is aborted: only then is it known. */
    get graceSeconds() {
      return grace
    },
  })
  const exited = running.then(result => result.exitCode).finally(() => cleanUp(root, settings.signal, stop))
  exited.catch(() => {})
  return {
    url: `http://127.0.0.1:${port}`,
    exited,
    stop(graceSeconds) {
      grace = graceSeconds
      stop()
      return exited
    },
  }
}

async function cleanUp(root: string, signal: AbortSignal | undefined, listener: () => void): Promise<void> {
  signal?.removeEventListener('abort', listener)
  await rm(root, { recursive: true, force: true })
}
