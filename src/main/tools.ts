import { join } from 'node:path'
import { systemClock } from '#adapters/local/clock.ts'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { contentDigests } from '#adapters/local/content-digests.ts'
import { uvEnvironments } from '#adapters/local/python-environments.ts'
import { folderStepCache } from '#adapters/local/step-cache.ts'
import { toolchain } from '#adapters/local/toolchain.ts'
import { localWarmPython } from '#adapters/local/warm-python.ts'
import type { Config } from '#config.ts'
import { homeFolders } from '#home.ts'
import { packageFolder } from './package-folder.ts'

/** What needs no database: programs, Python environments and the executor's parts. */
export function composeTools(config: Config) {
  const folders = homeFolders(config.home)
  const commands = localCommandRunner()
  const tools = toolchain({ home: config.home, env: config.inheritedEnv })
  const environments = uvEnvironments({
    home: config.home,
    env: config.inheritedEnv,
    commands,
    toolchain: tools,
  })
  const digest = contentDigests(join(folders.cache, 'digests'))
  const cache = folderStepCache(join(folders.cache, 'steps'), digest)
  const warmPython = localWarmPython({ runtime: packageFolder('runtimes/warm-python') })
  return { folders, commands, tools, environments, digest, cache, warmPython, clock: systemClock() }
}

export type Tools = ReturnType<typeof composeTools>
