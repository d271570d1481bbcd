import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** Inputs as the server is given them: what exists on this machine's disk is an absolute path, the rest stays as it is. */
export function localInputs(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, existsSync(value) ? resolve(value) : value]),
  )
}
