import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError, UserError } from '#errors.ts'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import type { BuildTools } from './build-environment.ts'
import { chooseInterpreter, describeChoice } from './choose-interpreter.ts'
import { findInterpreters, type Interpreter, versionsOf } from './interpreters.ts'
import { readTail } from './read-tail.ts'

/** A Python for an environment, and why it is this one. */
export interface ProvidedPython {
  interpreter: Interpreter
  choice: string
  /** Another would have been taken if it were here. */
  isSecondBest: boolean
}

/**
 * Finds a Python that an environment may have on this machine; when there is none, uv fetches one into Millwright's
 * own folder. Throws UserError `python-missing` that says what was tried and what is here.
 */
export async function providePython(
  wanted: EnvironmentRequirements,
  tools: BuildTools & { home: string },
  options: { signal?: AbortSignal | undefined; onProgress: (line: string) => void },
): Promise<ProvidedPython> {
  const managed = join(tools.home, 'tools', 'python')
  const here = await findInterpreters(tools.env, managed)
  const found = chooseInterpreter(wanted, here)
  if (found) return { interpreter: found, ...describeChoice(wanted, found) }
  if (wanted.python === undefined && wanted.preferred === undefined) await tools.toolchain.python()
  const name = wanted.preferred ?? shortName(wanted.python ?? '3')
  options.onProgress(`fetching Python ${name}, which is not here`)
  const failure = await fetchPython(name, managed, tools, options.signal)
  const fetched = failure ? undefined : chooseInterpreter(wanted, await findInterpreters(tools.env, managed))
  if (!fetched) throw missing(wanted, name, here, failure ?? 'uv fetched another version')
  return { interpreter: fetched, ...describeChoice(wanted, fetched) }
}

/** `3.8` of `==3.8.*`. */
function shortName(range: string): string {
  return /^={0,3}\s*(3(?:\.\d+){0,2})(?:\.\*)?$/.exec(range)?.[1] ?? range
}

/** Why it couldn't be fetched; undefined when it was. Nothing is put into the user's own folders. */
async function fetchPython(
  version: string,
  managed: string,
  { commands, toolchain, env }: BuildTools,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (/^(never|manual)$/.test(env.UV_PYTHON_DOWNLOADS ?? '')) return 'UV_PYTHON_DOWNLOADS forbids to fetch it'
  const uv = await toolchain.uv()
  await mkdir(managed, { recursive: true })
  const log = join(managed, `.fetch-${process.pid}-${Math.random().toString(36).slice(2)}.log`)
  const own = {
    UV_PYTHON_INSTALL_DIR: managed,
    UV_PYTHON_INSTALL_BIN: '0',
    UV_NO_PROGRESS: '1',
    NO_COLOR: '1',
  }
  try {
    const { reason, exitCode } = await commands.run({
      argv: [uv, 'python', 'install', '--no-config', version],
      cwd: managed,
      env: { ...env, ...own },
      log,
      ...(signal ? { signal } : {}),
    })
    if (reason === 'cancelled') throw new CancelledError()
    return exitCode === 0 ? undefined : lastCause(await readTail(log))
  } finally {
    await rm(log, { force: true })
  }
}

function lastCause(output: string): string {
  const lines = output.split('\n').map(line => line.replace(/^\s*(?:error|cause|[×╰─▶]+)[:\s]*/, '').trim())
  return lines.filter(line => line !== '' && !/^(warning|hint)/.test(line)).at(-1) ?? 'uv gave no reason'
}

function missing(
  { name, python, preferred }: EnvironmentRequirements,
  version: string,
  here: readonly Interpreter[],
  failure: string,
): UserError {
  const whose = name === undefined ? '' : `environment ${name}: `
  const message = `${whose}no Python ${python ?? preferred ?? ''} on PATH, in pyenv's or uv's folders, and uv can't fetch it (${failure})`
  const versions = versionsOf(here).join(', ') || 'none'
  const get = /^[\d.]+$/.test(version) ? version : '3.x'
  return new UserError('python-missing', message, {
    hint: `here are ${versions}; get one with 'uv python install ${get}' or 'pyenv install ${get}', or allow another in the environment`,
  })
}
