import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '#errors.ts'
import { askPython } from './ask-python.ts'
import { findProgram } from './programs.ts'
import { installUv, uvProgram } from './uv-installation.ts'

/** Programs that Millwright stands on. Each is looked for once; a search that failed is tried again. */
export interface Toolchain {
  /** Path of uv: from PATH, or from Millwright's home, where it is installed when it is first needed. */
  uv(): Promise<string>
  /** A Python from PATH that is new enough. Throws UserError `python-missing`. */
  python(): Promise<{ path: string; version: string }>
}

/** @param options `home` is Millwright's home, `env` what programs inherit. */
export function toolchain(options: { home: string; env: Readonly<Record<string, string>> }): Toolchain {
  const python = rememberSuccess(() => findPython(options.env))
  const uv = rememberSuccess(async () => {
    const found = findProgram('uv', { cwd: '/', path: options.env.PATH })
    if (found) return found
    const tools = join(options.home, 'tools')
    if (existsSync(uvProgram(tools))) return uvProgram(tools)
    return installUv(tools, (await python()).path, options.env)
  })
  return { uv, python }
}

function rememberSuccess<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= find().catch(error => {
      found = undefined
      throw error
    })
    return found
  }
}

const CANDIDATES = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']

async function findPython(env: Readonly<Record<string, string>>): Promise<{ path: string; version: string }> {
  const old: string[] = []
  for (const name of CANDIDATES) {
    const program = findProgram(name, { cwd: '/', path: env.PATH })
    const python = program && (await askPython(program, env))
    if (python && isNewEnough(python.version)) return python
    if (python) old.push(`${python.path} is ${python.version}`)
  }
  const found = old.length > 0 ? `; ${old.join(', ')}` : ''
  throw new UserError('python-missing', `Python 3.10 or newer isn't on PATH${found}`, {
    hint: `install it: ${installCommand(env)}`,
  })
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === 3 && minor >= 10
}

const INSTALLERS = [
  ['apt-get', 'sudo apt-get install python3 python3-venv'],
  ['dnf', 'sudo dnf install python3.12'],
  ['apk', 'sudo apk add python3'],
  ['pacman', 'sudo pacman -S python'],
  ['zypper', 'sudo zypper install python312'],
  ['brew', 'brew install python@3.12'],
  ['winget', 'winget install Python.Python.3.12'],
] as const

function installCommand(env: Readonly<Record<string, string>>): string {
  const path = `${env.PATH ?? ''}:/usr/bin:/bin:/sbin:/usr/sbin:/opt/homebrew/bin`
  for (const [program, command] of INSTALLERS) if (findProgram(program, { cwd: '/', path })) return command
  return 'see https://www.python.org/downloads/'
}
