import { statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { UserError } from '#errors.ts'

/** Path of a program as the shell would find it, or undefined. Relative names with a slash are meant from `cwd`. */
export function findProgram(
  name: string,
  where: { cwd: string; path: string | undefined },
): string | undefined {
  if (name.includes('/')) return firstExecutable([resolve(where.cwd, name)])
  const folders = (where.path ?? '/usr/bin:/bin').split(delimiter)
  return firstExecutable(folders.map(folder => resolve(where.cwd, folder, name)))
}

/** As {@link findProgram}, but a program or working directory that isn't there is an error that says so. */
export function requireProgram(name: string, where: { cwd: string; path: string | undefined }): string {
  const folder = statSync(where.cwd, { throwIfNoEntry: false })
  if (!folder?.isDirectory()) {
    throw new UserError('no-such-folder', `the working directory ${where.cwd} isn't there`)
  }
  const found = findProgram(name, where)
  if (found) return found
  throw new UserError('command-not-found', `the program '${name}' wasn't found`, {
    hint: name.includes('/') ? 'is it there and executable?' : `install ${name}, or add its folder to PATH`,
  })
}

/** Without waiting: a search looks at a dozen places at most, and it stands before every command. */
function firstExecutable(candidates: string[]): string | undefined {
  return candidates.find(file => {
    const info = statSync(file, { throwIfNoEntry: false })
    return info?.isFile() && (info.mode & 0o111) !== 0
  })
}
