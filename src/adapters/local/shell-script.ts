import { LINGER_MS, type TreeCommand, withoutShellVariables } from './process-tree.ts'

/**
 * Script for a POSIX shell that has no environment but {@link unscriptable}: runs the command in its folder, with its
 * environment, without input and with errors in the output, and ends as it does. Nothing of it is seen by `ps`.
 */
export function shellScript({ argv, cwd, env }: TreeCommand): string {
  const variables = Object.entries(env).filter(([name]) => !isUnscriptable(name))
  const exports = variables.map(([name, value]) => `export ${name}=${quoted(value)}\n`)
  const lost = `{ echo ${quoted(`there is no folder ${cwd}`)}; exit 125; }`
  return [
    `cd ${quoted(cwd)} 2>/dev/null || ${lost}\n`,
    ...exports,
    `${withoutShellVariables(env)}${argv.map(quoted).join(' ')} </dev/null 2>&1\n`,
    `end=$?\n${LINGER}exit $end\n`,
  ].join('')
}

/** Makes files and folders read-only in the mount namespace of the shell, if the system allows it. */
export function readOnlyMounts(paths: readonly string[]): string {
  return paths.map(path => `mount -o bind,ro ${quoted(path)} ${quoted(path)} 2>/dev/null\n`).join('')
}

/** Waits until the shell is alone in its namespace, at most {@link LINGER_MS}. */
const LINGER = `n=${LINGER_MS / 20}
while set -- /proc/[0-9]*; [ $# -gt 1 ] && [ $n -gt 0 ]; do n=$((n - 1)); /bin/sleep 0.02 || break; done
`

/** Variables that a shell can't set in its script; it has to be started with them. */
export function unscriptable(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => isUnscriptable(name)))
}

/** Not an identifier, or of a meaning to the shell itself. */
function isUnscriptable(name: string): boolean {
  return !/^[A-Za-z_]\w*$/.test(name) || SPECIAL.test(name)
}

const SPECIAL = /^(?:IFS|OPTIND|OPTARG|LINENO|PPID|E?UID|PS[0-4]|PATH_?LOCALE|BASH\w*|SHELLOPTS|_)$/

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
