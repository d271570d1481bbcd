import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const QUESTION = 'import sys; print("%d.%d.%d" % sys.version_info[:3]); print(sys.executable)'

/** What a Python says of itself, past version managers' shims; undefined when it doesn't run. */
export async function askPython(
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<{ path: string; version: string } | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['-I', '-c', QUESTION], { env, timeout: 30_000 })
    const [version = '', path = ''] = stdout.split('\n').map(line => line.trim())
    return path ? { path, version } : undefined
  } catch {
    return undefined
  }
}
