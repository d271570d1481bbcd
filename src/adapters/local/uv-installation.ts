import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#errors.ts'
import { localCommandRunner } from './command-runner.ts'
import { readTail } from './read-tail.ts'

const UV_VERSION = '0.13.9'

/** Where {@link installUv} puts uv. */
export function uvProgram(tools: string): string {
  return join(tools, `uv-${UV_VERSION}`, 'bin', 'uv')
}

/**
 * Installs uv from the package index into a folder of its own below `tools`, as a whole: several processes may do it
 * at once, the first to finish wins. Returns the program's path. Throws UserError `uv-missing` with pip's message.
 */
export async function installUv(
  tools: string,
  python: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const build = join(tools, `.uv-${randomUUID()}`)
  await mkdir(tools, { recursive: true })
  try {
    await run([python, '-m', 'venv', build], tools, `${build}.log`, env)
    const pip = [
      join(build, 'bin', 'python'),
      '-m',
      'pip',
      'install',
      '--no-input',
      '--disable-pip-version-check',
    ]
    await run([...pip, `uv==${UV_VERSION}`], tools, `${build}.log`, env)
    await rename(build, join(tools, `uv-${UV_VERSION}`)).catch(unlessTaken)
  } finally {
    await rm(build, { recursive: true, force: true })
    await rm(`${build}.log`, { force: true })
  }
  return uvProgram(tools)
}

async function run(
  argv: string[],
  cwd: string,
  log: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { exitCode } = await localCommandRunner().run({ argv, cwd, env, log })
  if (exitCode === 0) return
  const output = await readTail(log)
  throw new UserError('uv-missing', `uv isn't on PATH and can't be installed:\n${output}`, {
    hint: /ensurepip/.test(output)
      ? 'install the venv module (on Debian and Ubuntu: sudo apt-get install python3-venv)'
      : 'install uv (https://docs.astral.sh/uv/), or check the access to the Python package index',
  })
}

function unlessTaken(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}
