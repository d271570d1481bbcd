import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { EnvironmentRequirements, PythonEnvironments } from '#ports/python-environments.ts'
import { type BuildOptions, type BuildTools, buildEnvironment } from './build-environment.ts'
import { environmentKey } from './environment-key.ts'
import { noteUse, writeRecord } from './environment-record.ts'
import { isSealed, sealEnvironment } from './environment-seal.ts'
import { withFolderLock } from './folder-lock.ts'
import { minorOfEnvironment, overlayEnvironment } from './overlay-environment.ts'
import { type ProvidedPython, providePython } from './provide-python.ts'
import { sharedProgress } from './shared-progress.ts'
import { sharedWork } from './shared-work.ts'

/**
 * Virtual environments under `<home>/environments/<key>`, made by uv. Virtual environments can't be moved once they
 * are built, so each is built under a name of its own and published by a link, whole. Who looks for one that is there
 * pays a few `stat`s, which notice an interpreter that was removed and packages that a step put into it; either way it
 * is built anew.
 */
export function uvEnvironments(options: BuildTools & { home: string }): PythonEnvironments {
  const directory = join(options.home, 'environments')
  const shared = sharedWork<string>()
  const progress = sharedProgress()
  const environments: PythonEnvironments = {
    async prepare(wanted, { signal, onProgress = () => {} }) {
      const label = wanted.name === undefined ? 'environment' : `environment ${wanted.name}`
      const tell = (line: string) => onProgress(`${label}: ${line}`)
      const python = await providePython(wanted, options, { signal, onProgress: tell })
      const key = environmentKey(python.interpreter.minor, wanted.requirements)
      const published = join(directory, key)
      const isReady = await isSealed(published, python.interpreter.minor)
      if (!isReady || python.isSecondBest) tell(python.choice)
      if (isReady) return noteUse(published)
      const build = (stop: AbortSignal) =>
        make(directory, key, { wanted, python }, options, { signal: stop, onProgress: progress.teller(key) })
      return progress.whileListening(key, tell, () => shared(key, signal, build))
    },
    async overlay(environment, target, { signal, onProgress = () => {} }) {
      const minor = await minorOfEnvironment(environment)
      const pip = { name: 'pip', python: `==${minor}.*`, requirements: PIP }
      const tools = await environments.prepare(pip, { ...(signal ? { signal } : {}), onProgress })
      await overlayEnvironment(environment, tools, target)
    },
  }
  return environments
}

/** What conda environments have beside Python; `pkg_resources`, which old packages need, went with setuptools 81. */
const PIP = ['pip', 'setuptools<81', 'wheel']

interface Order {
  wanted: EnvironmentRequirements
  python: ProvidedPython
}

async function make(
  directory: string,
  key: string,
  order: Order,
  tools: BuildTools,
  options: BuildOptions,
): Promise<string> {
  const published = join(directory, key)
  const { minor } = order.python.interpreter
  await mkdir(join(directory, 'builds'), { recursive: true })
  return withFolderLock(join(directory, `${key}.lock`), options.signal, async () => {
    if (await isSealed(published, minor)) return published
    // Scripts name their interpreter by this path, which must not lead through a link that may go.
    const builds = await realpath(join(directory, 'builds'))
    const earlier = (await readdir(builds)).filter(name => name.startsWith(`${key}-`))
    const build = join(builds, `${key}-${randomUUID().slice(0, 8)}`)
    await buildOrRemove(build, order, tools, options)
    await publish(build, published)
    for (const name of earlier) await rm(join(builds, name), { recursive: true, force: true })
    return published
  })
}

async function buildOrRemove(
  build: string,
  { wanted, python }: Order,
  tools: BuildTools,
  options: BuildOptions,
): Promise<void> {
  try {
    await buildEnvironment(build, wanted, python.interpreter, tools, options)
    await writeRecord(build, wanted, python.interpreter)
    await sealEnvironment(build, python.interpreter.minor)
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
