import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Config } from '#config.ts'
import { UserError } from '#errors.ts'
import type { Finding } from './checks.ts'
import { failed, ok } from './finding.ts'

const LEAST_NODE = [20, 19] as const

export async function checkNode(): Promise<Finding> {
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const isNewEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  if (isNewEnough) return ok('Node.js', node)
  return failed('Node.js', `${node} is too old`, `install ${LEAST_NODE.join('.')} or newer: nvm install 22`)
}

export async function checkGit({ inheritedEnv }: Config): Promise<Finding> {
  const version = await versionOf('git', inheritedEnv)
  if (version !== undefined) return ok('git', version)
  return failed('git', "git isn't on PATH", await installGit(inheritedEnv))
}

export async function checkPython(config: Config): Promise<Finding> {
  const { composeTools } = await import('#main/tools.ts')
  try {
    const { version, path } = await composeTools(config).tools.python()
    return ok('Python', `${version}, ${path}`)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return failed('Python', error.message, error.hint ?? '')
  }
}

/** A missing uv is fetched when it is first needed, so it is never a failure. */
export async function checkUv({ home, inheritedEnv }: Config): Promise<Finding> {
  const version = await versionOf('uv', inheritedEnv)
  if (version !== undefined) return ok('uv', version)
  const tools = await readdir(join(home, 'tools')).catch(() => [])
  const own = tools.map(name => /^uv-([\d.]+)$/.exec(name)?.[1]).find(found => found !== undefined)
  return ok('uv', own ? `${own}, in Millwright's home` : 'not on PATH; fetched when it is first needed')
}

async function versionOf(
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { env, timeout: 10_000 })
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim()
  } catch {
    return undefined
  }
}

const INSTALLERS: readonly (readonly [string, string])[] = [
  ['apt-get', 'sudo apt-get install git'],
  ['dnf', 'sudo dnf install git'],
  ['apk', 'sudo apk add git'],
  ['pacman', 'sudo pacman -S git'],
  ['brew', 'brew install git'],
]

async function installGit(env: Readonly<Record<string, string>>): Promise<string> {
  for (const [program, command] of INSTALLERS) {
    if ((await versionOf(program, env)) !== undefined) return `install it: ${command}`
  }
  return 'install it: https://git-scm.com/downloads'
}
