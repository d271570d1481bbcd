import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where everything of a job lies. Commands name paths without quoting them, so steps see the folder as `root`, which
 * has no spaces or shell characters: the folder itself, or a link to it.
 */
export interface JobFolder {
  directory: string
  root: string
  step(name: string): StepFolder
  dispose(): Promise<void>
}

/** A step's folder, as paths relative to the job's. */
export interface StepFolder {
  base: string
  record: string
  work: string
  artifacts: string
  log: string
  outputs: string
  inputs: string
}

export async function openJobFolder(directory: string): Promise<JobFolder> {
  await mkdir(join(directory, 'steps'), { recursive: true })
  const real = await realpath(directory)
  if (isShellSafe(real)) return { directory, root: real, step, dispose: async () => {} }
  const temporary = await mkdtemp(join(isShellSafe(tmpdir()) ? tmpdir() : '/tmp', 'millwright-'))
  await symlink(real, join(temporary, 'job'))
  const dispose = () => rm(temporary, { recursive: true, force: true })
  return { directory, root: join(temporary, 'job'), step, dispose }
}

/** Whether a path means itself in a shell command without quotes. */
export function isShellSafe(path: string): boolean {
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(path)
}

function step(name: string): StepFolder {
  const base = join('steps', name)
  const artifacts = join(base, 'artifacts')
  return {
    base,
    record: join(base, 'record.json'),
    work: join(base, 'work'),
    artifacts,
    log: join(artifacts, 'user_logs', 'std_log.txt'),
    outputs: join(base, 'outputs'),
    inputs: join(base, 'inputs'),
  }
}
