import type { Config } from '#config.ts'
import { checkDatabase } from './database.ts'
import { checkDisk, checkHome } from './home.ts'
import { checkGit, checkNode, checkPython, checkUv } from './programs.ts'
import { checkServer } from './server.ts'

/** What one check has found. A warning stops nothing; a failure comes with what mends it. */
export interface Finding {
  check: string
  status: 'ok' | 'warning' | 'failed'
  message: string
  hint: string | null
}

const CHECKS: readonly ((config: Config) => Promise<Finding>)[] = [
  checkNode,
  checkGit,
  checkPython,
  checkUv,
  checkHome,
  checkDisk,
  checkServer,
  checkDatabase,
]

/** All checks, side by side; none changes anything. */
export function examine(config: Config): Promise<Finding[]> {
  return Promise.all(CHECKS.map(check => check(config)))
}
