import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledError, StageFailure } from '#errors.ts'
import type { CommandRunner } from '#ports/command-runner.ts'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import { normalisedRequirements } from './environment-key.ts'
import { readTail } from './read-tail.ts'
import type { Toolchain } from './toolchain.ts'

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
 * Makes a virtual environment in the new folder `target`, with its log in `<target>.log`. Without requirements it needs
 * Python only, else uv. Throws StageFailure with the resolver's message, or CancelledError.
 */
export async function buildEnvironment(
  target: string,
  wanted: EnvironmentRequirements,
  tools: BuildTools,
  options: BuildOptions,
): Promise<void> {
  const requirements = normalisedRequirements(wanted.requirements)
  const run = runner(target, tools, options)
  if (requirements.length === 0 && wanted.python === undefined) {
    const { path } = await tools.toolchain.python()
    return run([path, '-m', 'venv', '--without-pip', target])
  }
  const uv = await tools.toolchain.uv()
  await run([
    uv,
    'venv',
    '--no-project',
    '--python',
    wanted.python ?? (await tools.toolchain.python()).path,
    target,
  ])
  if (requirements.length > 0) await install(uv, target, requirements, run)
}

type Run = (argv: string[]) => Promise<void>

async function install(uv: string, target: string, requirements: string[], run: Run): Promise<void> {
  const file = join(target, 'requirements.txt')
  await writeFile(file, `${requirements.join('\n')}\n`)
  await run([uv, 'pip', 'install', '--python', join(target, 'bin', 'python'), '--requirements', file])
}

function runner(target: string, tools: BuildTools, { signal, onProgress }: BuildOptions): Run {
  const log = `${target}.log`
  const env = { ...tools.env, NO_COLOR: '1', UV_NO_PROGRESS: '1' }
  return async argv => {
    const onOutput = lines(onProgress)
    const cwd = join(target, '..')
    const { reason, exitCode } = await tools.commands.run({ argv, cwd, env, log, signal, onOutput })
    if (reason === 'cancelled') throw new CancelledError()
    if (exitCode === 0) return
    throw new StageFailure(`the Python environment can't be made:\n${await readTail(log)}`, {
      hint: 'mend the requirements of the environment, or check the access to the Python package index',
    })
  }
}

/** Calls `onLine` for each line that chunks of output complete. */
function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = ''
  return chunk => {
    const parts = (rest + chunk.toString('utf8')).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (isNews(line)) onLine(line.trimEnd())
  }
}

/** The long list of what was installed (` + numpy==2.2.6`) stays in the log file. */
function isNews(line: string): boolean {
  return line.trim() !== '' && !/^ [+~-] /.test(line)
}
