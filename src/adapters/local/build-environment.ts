import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError } from '#errors.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import { buildFailure } from './build-failure.ts'
import { normalisedRequirements } from './environment-key.ts'
import type { Interpreter } from './interpreters.ts'
import { readTail } from './read-tail.ts'
import type { Toolchain } from './toolchain.ts'
import { uvArguments } from './uv-arguments.ts'

/** Programs and settings that environments are built with. */
export interface BuildTools {
  commands: CommandRunner
  toolchain: Toolchain
  env: Readonly<Record<string, string>>
}

export interface BuildOptions {
  signal: AbortSignal
  onProgress: (line: string) => void
}

/**
 * Makes a virtual environment in the new folder `target`, with its log in `<target>.log`, and writes what was installed
 * into `packages.txt`. Without requirements it needs Python only, else uv. Throws StageFailure with the resolver's
 * message, or CancelledError.
 */
export async function buildEnvironment(
  target: string,
  wanted: EnvironmentRequirements,
  { path, minor }: Interpreter,
  tools: BuildTools,
  options: BuildOptions,
): Promise<void> {
  const requirements = normalisedRequirements(wanted.requirements)
  const run = runner(target, { name: wanted.name, minor }, tools, options)
  if (requirements.length === 0) {
    await run([path, '-m', 'venv', '--without-pip', target])
    return writeFile(join(target, PACKAGES), '')
  }
  const uv = await tools.toolchain.uv()
  await run([uv, 'venv', '--no-project', '--python', path, target])
  options.onProgress(`resolving ${requirements.length} requirements`)
  await install(uv, target, requirements, run)
}

/** Lists what an environment has, as `name==version` lines. */
export const PACKAGES = 'packages.txt'

type Run = (argv: string[]) => Promise<string>

async function install(uv: string, target: string, lines: string[], run: Run): Promise<void> {
  const { requirements, options } = uvArguments(lines)
  const file = join(target, 'requirements.txt')
  await writeFile(file, `${requirements.join('\n')}\n`)
  const python = ['--python', join(target, 'bin', 'python')]
  await run([uv, 'pip', 'install', ...python, ...options, '--requirements', file])
  const frozen = await run([uv, 'pip', 'freeze', ...python])
  await writeFile(join(target, PACKAGES), packageLines(frozen))
}

/** Warnings stand between the lines of `uv pip freeze`. */
function packageLines(frozen: string): string {
  const lines = frozen.split('\n').filter(line => /^(?:[A-Za-z0-9][\w.-]*\s*(?:==|@)|-e\s)/.test(line))
  return lines.map(line => `${line}\n`).join('')
}

/** Runs a program and returns what it printed. */
function runner(
  target: string,
  build: { name: string | undefined; minor: string },
  tools: BuildTools,
  { signal, onProgress }: BuildOptions,
): Run {
  const log = `${target}.log`
  const env = { ...tools.env, NO_COLOR: '1', UV_NO_PROGRESS: '1' }
  return async argv => {
    const printed: Buffer[] = []
    const tell = lines(onProgress)
    const onOutput = (chunk: Buffer) => {
      printed.push(chunk)
      tell(chunk)
    }
    const cwd = join(target, '..')
    const { reason, exitCode } = await tools.commands.run({ argv, cwd, env, log, signal, onOutput })
    if (reason === 'cancelled') throw new CancelledError()
    if (exitCode !== 0) throw buildFailure(await readTail(log, 16_000), build)
    return Buffer.concat(printed).toString('utf8')
  }
}

/** Calls `onLine` for each line that chunks of output complete. */
function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = ''
  return chunk => {
    const parts = (rest + chunk.toString('utf8')).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (isNews(line)) onLine(news(line))
  }
}

const NEWS = /^\s*(Resolved|Downloading|Building|Prepared|Installed|warning:)/

/** The long list of what was installed (` + numpy==2.2.6`) stays in the log file. */
function isNews(line: string): boolean {
  return NEWS.test(line)
}

function news(line: string): string {
  const text = line.trim()
  return text.charAt(0).toLowerCase() + text.slice(1)
}
