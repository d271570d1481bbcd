import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CommandRunner } from '#ports/command-runner.ts'
import type { EnvironmentRequirements, PythonEnvironments } from '#ports/python-environments.ts'
import { type BuildOptions, type BuildTools, buildEnvironment } from './build-environment.ts'
import { environmentKey } from './environment-key.ts'
import { withFolderLock } from './folder-lock.ts'
import { sharedWork } from './shared-work.ts'
import type { Toolchain } from './toolchain.ts'

/**
 * Virtual environments under `<home>/environments/<key>`, made by uv. Virtual environments can't be moved once they
 * are built, so each is built under a name of its own and published by a link, whole; who looks for one that is there
 * pays one `stat`, which also notices an interpreter that was removed.
 */
export function uvEnvironments(options: {
  home: string
  env: Readonly<Record<string, string>>
  commands: CommandRunner
  toolchain: Toolchain
}): PythonEnvironments {
  const directory = join(options.home, 'environments')
  const shared = sharedWork<string>()
  return {
    async prepare(wanted, { signal, onProgress = () => {} }) {
      const key = environmentKey(wanted)
      const published = join(directory, key)
      if (await isUsable(published)) return published
      return shared(key, signal, stop => make(directory, key, wanted, options, { signal: stop, onProgress }))
    },
  }
}

async function make(
  directory: string,
  key: string,
  wanted: EnvironmentRequirements,
  tools: BuildTools,
  options: BuildOptions,
): Promise<string> {
  const published = join(directory, key)
  await mkdir(join(directory, 'builds'), { recursive: true })
  return withFolderLock(join(directory, `${key}.lock`), options.signal, async () => {
    if (await isUsable(published)) return published
    await removeLeftovers(directory, key)
    // Scripts name their interpreter by this path, which must not lead through a link that may go.
    const build = join(await realpath(join(directory, 'builds')), `${key}-${randomUUID().slice(0, 8)}`)
    await buildOrRemove(build, () => buildEnvironment(build, wanted, tools, options))
    await publish(build, published)
    return published
  })
}

async function isUsable(environment: string): Promise<boolean> {
  return (await stat(join(environment, 'bin', 'python')).catch(() => undefined)) !== undefined
}

/** Builds of processes that died, and one that lost its interpreter; we hold the lock. */
async function removeLeftovers(directory: string, key: string): Promise<void> {
  const builds = await readdir(join(directory, 'builds'))
  for (const name of builds.filter(build => build.startsWith(`${key}-`))) {
    await rm(join(directory, 'builds', name), { recursive: true, force: true })
  }
}

async function buildOrRemove(build: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await rm(build, { recursive: true, force: true })
    throw error
  } finally {
    await rm(`${build}.log`, { force: true })
  }
}

/** Replaces the link in one step. */
async function publish(build: string, published: string): Promise<void> {
  const link = `${build}.link`
  await symlink(join('builds', basename(build)), link)
  await rename(link, published)
}
