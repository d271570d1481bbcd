import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UserError } from '#errors.ts'
import type { EnvironmentMap } from '#ml-service/job.ts'
import type { RepositorySettings } from '#model-types/model-type.ts'
import { type NamedFiles, readEnvironmentsFile } from '#model-types/read-environments.ts'
import { packageFolder } from './package-folder.ts'

/** Settings whose own environments are followed by Azure ML's curated ones: those of their own win, also by a glob. */
export function withCuratedEnvironments(settings: RepositorySettings): RepositorySettings {
  const own = settings.environments
  const others = Object.entries(curatedEnvironments()).filter(([reference]) => !(reference in own))
  return { ...settings, environments: { ...own, ...Object.fromEntries(others) } }
}

/** The map in a file; paths in it are relative to the file. Throws UserError with file, line and key. */
export function readEnvironmentMap(file: string): EnvironmentMap {
  if (!existsSync(file)) throw new UserError('file-not-found', `there is no file ${file} with environments`)
  return readEnvironmentsFile(diskFiles('/'), resolve(file).slice(1))
}

/** The file's references are all globs, so that exact ones of a repository always come first. */
function curatedEnvironments(): EnvironmentMap {
  curated ??= readEnvironmentMap(join(packageFolder('runtimes'), 'environments', 'azureml.yml'))
  return curated
}

let curated: EnvironmentMap | undefined

/** The files below a folder, looked at when they are asked for. */
export function diskFiles(folder: string): NamedFiles {
  const root = folder.replace(/\/*$/, '/')
  return {
    root,
    files: { includes: path => existsSync(`${root}${path}`) },
    read: path => readFileSync(`${root}${path}`, 'utf8'),
  }
}
