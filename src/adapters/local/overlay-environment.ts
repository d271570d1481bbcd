import { chmod, mkdir, open, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packagesFolder } from './environment-seal.ts'

/**
 * Makes a virtual environment in the new folder `target` that lies over `base`, with the pip of `tools`. A `.pth` file
 * puts the packages below behind its own, so what is installed here shadows them, and pip leaves alone what lies
 * outside; console scripts from below are copied so that they start this environment's Python.
 */
export async function overlayEnvironment(base: string, tools: string, target: string): Promise<void> {
  const minor = await minorOfEnvironment(base)
  const packages = packagesFolder(target, minor)
  const bin = join(target, 'bin')
  await mkdir(packages, { recursive: true })
  await mkdir(bin, { recursive: true })
  const python = await realpath(join(base, 'bin', 'python'))
  for (const name of ['python', 'python3', `python${minor}`]) await symlink(python, join(bin, name))
  await writeFile(join(target, 'pyvenv.cfg'), await readFile(join(base, 'pyvenv.cfg'), 'utf8'))
  const below = [base, tools].map(environment => packagesFolder(environment, minor))
  await writeFile(join(packages, '_below.pth'), pathFile(below))
  for (const environment of [base, tools]) await copyScripts(environment, target)
}

/** `3.10` of an environment's folder. */
export async function minorOfEnvironment(environment: string): Promise<string> {
  const names = await readdir(join(environment, 'lib'))
  const minor = names.map(name => /^python(3\.\d+)$/.exec(name)?.[1]).find(found => found !== undefined)
  if (minor === undefined) throw new Error(`${environment} is no Python environment`)
  return minor
}

/** `site.addsitedir` also follows the `.pth` files of the folders below. */
function pathFile(folders: readonly string[]): string {
  return `${folders.map(folder => `import site; site.addsitedir(${JSON.stringify(folder)})`).join('\n')}\n`
}

const ENVIRONMENT_OWN = /^(?:python[\d.]*|activate.*|deactivate.*|pydoc.*)$/

/** Programs that aren't Python scripts are linked; those that are there already stay. */
async function copyScripts(environment: string, target: string): Promise<void> {
  const bin = join(environment, 'bin')
  const [real, own] = [await realpath(bin), join(target, 'bin')]
  const there = new Set(await readdir(own))
  for (const name of await readdir(bin)) {
    if (ENVIRONMENT_OWN.test(name) || there.has(name)) continue
    const head = await firstBytes(join(bin, name))
    const isScript = head.startsWith('#!') && [bin, real].some(folder => head.includes(`${folder}/python`))
    if (isScript) await copyScript(join(bin, name), join(own, name), [real, bin], own)
    else await symlink(join(bin, name), join(own, name))
  }
}

/** Kernels cut the first line of a script, so the interpreter is named on a line for the shell, which Python skips. */
async function copyScript(from: string, to: string, folders: string[], own: string): Promise<void> {
  const text = await readFile(from, 'utf8')
  const body = /^#!\/bin\/sh\n'''exec'.*\n' '''\n([\s\S]*)$/.exec(text)?.[1] ?? text.replace(/^#!.*\n/, '')
  const named = folders.reduce((kept, folder) => kept.replaceAll(`${folder}/python`, `${own}/python`), body)
  await writeFile(to, `#!/bin/sh\n'''exec' '${own}/python' "$0" "$@"\n' '''\n${named}`)
  await chmod(to, 0o755)
}

async function firstBytes(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
