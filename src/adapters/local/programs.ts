import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'
import { UserError } from '#errors.ts'

/** Path of a program as the shell would find it, or undefined. Relative names with a slash are meant from `cwd`. */
export async function findProgram(
  name: string,
  where: { cwd: string; path: string | undefined },
): Promise<string | undefined> {
  if (name.includes('/')) return firstExecutable([resolve(where.cwd, name)])
  const folders = (where.path ?? '/usr/bin:/bin').split(delimiter)
  return firstExecutable(folders.map(folder => resolve(where.cwd, folder, name)))
}

/** As {@link findProgram}, but a program or working directory that isn't there is an error that says so. */
export async function requireProgram(name: string, where: { cwd: string; path: string | undefined }) {
  const folder = await stat(where.cwd).catch(() => undefined)
  if (!folder?.isDirectory()) {
    throw new UserError('no-such-folder', `the working directory ${where.cwd} isn't there`)
  }
  const found = await findProgram(name, where)
  if (found) return found
  throw new UserError('command-not-found', `the program '${name}' wasn't found`, {
    hint: name.includes('/') ? 'is it there and executable?' : `install ${name}, or add its folder to PATH`,
  })
}

async function firstExecutable(candidates: string[]): Promise<string | undefined> {
  for (const file of candidates) if (await isExecutable(file)) return file
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
