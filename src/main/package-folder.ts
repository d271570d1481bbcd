import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A folder of this package, whether we run from sources or bundled. */
export function packageFolder(name: string): string {
  return join(packageRoot(), name)
}

/** This package's version. */
export function packageVersion(): string {
  return String(JSON.parse(readFileSync(packageFolder('package.json'), 'utf8')).version)
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
