import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What `git <args>` prints, trimmed, or undefined when it fails (no repository, no git). */
export async function askGit(args: readonly string[], folder: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', [...args], { cwd: folder, maxBuffer: 1 << 20 })
    return stdout.trim()
  } catch {
    return undefined
  }
}
