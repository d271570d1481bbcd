import { mkdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** The time that sealed folders bear, in seconds: whatever is installed or removed changes it. */
const SEALED = 946_684_800

/**
 * Marks an environment as it was built. Python may go on keeping what it compiles, in `__pycache__`; anything else that
 * is put into the environment shows in {@link isSealed}.
 */
export async function sealEnvironment(environment: string, minor: string): Promise<void> {
  await mkdir(join(packagesFolder(environment, minor), '__pycache__'), { recursive: true })
  for (const folder of folders(environment, minor)) await utimes(folder, SEALED, SEALED)
}

/** Whether an environment is there, with its interpreter, and nothing was installed into it since it was built. */
export async function isSealed(environment: string, minor: string): Promise<boolean> {
  const python = stat(join(environment, 'bin', 'python'))
  const times = folders(environment, minor).map(async folder => (await stat(folder)).mtimeMs)
  return Promise.all([python, ...times]).then(
    ([, ...found]) => found.every(time => time === SEALED * 1000),
    () => false,
  )
}

export function packagesFolder(environment: string, minor: string): string {
  return join(environment, 'lib', `python${minor}`, 'site-packages')
}

function folders(environment: string, minor: string): string[] {
  return [packagesFolder(environment, minor), join(environment, 'bin')]
}
