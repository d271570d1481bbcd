import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { compareVersions, minorOf } from '#model-types/python-range.ts'
import { askPython } from './ask-python.ts'

/** A Python on this machine. */
export interface Interpreter {
  path: string
  /** `3.10.13`, or `3.10` when its patch isn't known. */
  version: string
  minor: string
  /** It is what `python3` or `python` means on PATH. */
  isDefault: boolean
}

type Environment = Readonly<Record<string, string>>

/**
 * The Pythons on PATH, of pyenv, and those that uv has fetched, for the user or into `managed`; those on PATH first.
 * Most names tell their version, so hardly any is run.
 */
export async function findInterpreters(env: Environment, managed: string): Promise<Interpreter[]> {
  const found = [...onPath(env), ...inVersions(join(pyenvRoot(env), 'versions')), ...uvFolders(env, managed)]
  const named = await Promise.all(found.map(candidate => identify(candidate, env)))
  const distinct = new Map<string, Interpreter>()
  for (const one of named) if (one && !distinct.has(one.path)) distinct.set(one.path, one)
  return [...distinct.values()]
}

/** Versions for a message, oldest first. */
export function versionsOf(found: readonly Interpreter[]): string[] {
  return [...new Set(found.map(({ version }) => version))].sort(compareVersions)
}

interface Candidate {
  path: string
  version?: string | undefined
  isDefault?: boolean
}

const NAMES = ['python3', 'python', ...Array.from({ length: 10 }, (_, index) => `python3.${15 - index}`)]

function onPath(env: Environment): Candidate[] {
  const folders = (env.PATH ?? '').split(':').filter(Boolean)
  let seenDefault = false
  return folders.flatMap(folder => {
    const here = isShims(folder) ? selectedByPyenv(env, dirname(folder)) : programsIn(folder)
    const marked = here.map(one => ({ ...one, isDefault: !seenDefault && one.isDefault === true }))
    seenDefault ||= here.some(one => one.isDefault)
    return marked
  })
}

function programsIn(folder: string): Candidate[] {
  const names = NAMES.filter(name => existsSync(join(folder, name)))
  return names.map(name => ({ path: join(folder, name), isDefault: !name.includes('.') }))
}

/** pyenv's shims are scripts that start another Python, or none: what they lead to is looked at instead. */
function isShims(folder: string): boolean {
  return basename(folder) === 'shims' && existsSync(join(dirname(folder), 'versions'))
}

function selectedByPyenv(env: Environment, root: string): Candidate[] {
  const selected = env.PYENV_VERSION ?? readText(join(root, 'version'))
  const names = selected.split(/[:\s]+/).filter(name => /^3\.\d+\.\d+$/.test(name))
  return names.map((version, index) => ({
    path: join(root, 'versions', version, 'bin', 'python3'),
    version,
    isDefault: index === 0,
  }))
}

function pyenvRoot(env: Environment): string {
  return env.PYENV_ROOT ?? join(env.HOME ?? homedir(), '.pyenv')
}

function inVersions(folder: string): Candidate[] {
  const names = list(folder).filter(name => /^3\.\d+\.\d+$/.test(name))
  return names.map(version => ({ path: join(folder, version, 'bin', 'python3'), version }))
}

/** uv names its folders `cpython-3.10.13-linux-x86_64-gnu`. */
function uvFolders(env: Environment, managed: string): Candidate[] {
  const own = env.UV_PYTHON_INSTALL_DIR
  const data = env.XDG_DATA_HOME ?? join(env.HOME ?? homedir(), '.local', 'share')
  return [managed, own ?? join(data, 'uv', 'python')].flatMap(folder =>
    list(folder).flatMap(name => {
      const version = /^cpython-(3\.\d+\.\d+)-/.exec(name)?.[1]
      return version ? [{ path: join(folder, name, 'bin', 'python3'), version }] : []
    }),
  )
}

async function identify(candidate: Candidate, env: Environment): Promise<Interpreter | undefined> {
  if (!existsSync(candidate.path)) return undefined
  const path = realpathSync(candidate.path)
  const name = /^python(3\.\d+)$/.exec(basename(path))?.[1]
  const version = candidate.version ?? name ?? (await askPython(path, env))?.version
  if (!version?.startsWith('3.')) return undefined
  return { path, version, minor: minorOf(version), isDefault: candidate.isDefault === true }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort(compareNames).reverse() : []
}

function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
