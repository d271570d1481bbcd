import { execFile } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '#errors.ts'

/** Runs the `git` program with an argument array, never through a shell and with none of the machine's git settings. */
export interface Git {
  /** Standard output as text. Throws {@link GitError} unless the exit code is 0. */
  text(args: readonly string[], options?: GitOptions): Promise<string>
  /** The entries of NUL-separated output. */
  list(args: readonly string[], options?: GitOptions): Promise<string[]>
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>
}

export interface GitOptions {
  /** The bare repository to work in. */
  repository?: string
  env?: Record<string, string>
  input?: string
  signal?: AbortSignal
}

export interface GitResult {
  exitCode: number
  stdout: string
  stderr: string
}

export class GitError extends Error {
  override readonly name = 'GitError'
  readonly stderr: string
  constructor(args: readonly string[], result: GitResult) {
    super(`git ${args[0]} ended with ${result.exitCode}: ${result.stderr.trim().slice(0, 2000)}`)
    this.stderr = result.stderr
  }
}

/** `directory` gets a settings file of ours; `inherited` is the environment that git may see (PATH, HOME, proxies). */
export function gitProgram(directory: string, inherited: Readonly<Record<string, string>>): Git {
  const env = { ...inherited, ...hardened(directory) }
  const run = (args: readonly string[], options: GitOptions = {}) => start(args, options, env)
  const text = async (args: readonly string[], options?: GitOptions) => {
    const result = await run(args, options)
    if (result.exitCode !== 0) throw new GitError(args, result)
    return result.stdout
  }
  const list = async (args: readonly string[], options?: GitOptions) =>
    (await text(args, options)).split('\0').filter(entry => entry !== '')
  return { run, text, list }
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/** Read instead of ~/.gitconfig. A child's own upload-pack sees it too, so sources of other users can be imported. */
const SETTINGS = `[core]
	hooksPath = /dev/null
	attributesFile = /dev/null
	excludesFile = /dev/null
	fsmonitor = false
	fsync = committed,reference
[safe]
	directory = *
[submodule]
	recurse = false
[fetch]
	recurseSubmodules = false
[http]
	lowSpeedLimit = 1000
	lowSpeedTime = 60
[gc]
	auto = 0
[maintenance]
	auto = false
[init]
	defaultBranch = main
`

function hardened(directory: string): Record<string, string> {
  const settings = join(directory, 'git-settings')
  mkdirSync(directory, { recursive: true })
  const part = `${settings}.${process.pid}`
  writeFileSync(part, SETTINGS)
  renameSync(part, settings)
  return {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: settings,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    LC_ALL: 'C.UTF-8',
  }
}

function start(
  args: readonly string[],
  options: GitOptions,
  env: Record<string, string>,
): Promise<GitResult> {
  const place = options.repository === undefined ? [] : [`--git-dir=${options.repository}`]
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      ['--no-pager', ...place, ...args],
      { env: { ...env, ...options.env }, maxBuffer: MAX_OUTPUT_BYTES, signal: options.signal },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(startFailure(error))
        else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr })
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input ?? '')
  })
}

function startFailure(error: Error & { code?: unknown }): Error {
  if (error.code !== 'ENOENT') return error
  return new UserError('git-missing', 'the program `git` was not found', {
    hint: 'Install git 2.38 or newer, e.g. `apt-get install git`.',
    cause: error,
  })
}
