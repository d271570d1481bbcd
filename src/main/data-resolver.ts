import { join } from 'node:path'
import type { JobData } from '#adapters/local/job-data.ts'
import type { RemoteData } from '#adapters/local/remote-data.ts'
import { datasetIdentity, parseDatasetReference } from '#datasets/dataset.ts'
import { NotFoundError, UserError } from '#errors.ts'
import type { ExecutorPorts, ResolvedData } from '#ml-service/job.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'
import type { ModelRegistry } from '#ports/model-registry.ts'

/** Where data may come from; without a server there are no datasets, models and earlier jobs. */
export interface DataSources {
  registered: { datasets: DatasetStore; models: ModelRegistry; jobs: JobData } | undefined
  /** Loaded when it is needed. */
  remote(): Promise<RemoteData>
  digest(path: string): Promise<string>
}

type Registered = NonNullable<DataSources['registered']>

/** Finds what a step reads by reference: registered datasets and models, outputs of earlier jobs, data on the network. */
export function dataResolver({ registered, remote, digest }: DataSources): ExecutorPorts['resolveData'] {
  return async ({ kind, value, type }, options) => {
    if (kind === 'dataset') return resolveReference(need(registered, value), value, type)
    if (/^(models|runs):\/|^azureml:\/\//.test(value)) {
      const path = await registeredPath(need(registered, value), value)
      return { path, digest: await digest(path) }
    }
    const path = await (await remote()).fetch(value, { type, ...options })
    if (path === undefined)
      throw notHere(value, 'give a local path, a registered dataset, https:// or wasbs://')
    return { path, digest: await digest(path) }
  }
}

/** `azureml:name:version` names a model where a model is read, else a dataset. */
async function resolveReference(known: Registered, value: string, type: string): Promise<ResolvedData> {
  const reference = parseDatasetReference(value)
  if (!reference)
    throw notHere(value, 'versions are whole numbers here: azureml:name:1, or azureml:name@latest')
  if (/_model$/.test(type)) return modelAt(known.models, reference.name, String(reference.version))
  const dataset = await known.datasets.find(reference)
  const folder = await known.datasets.folder(dataset)
  const [file] = dataset.files
  const path = type === 'uri_file' && dataset.files.length === 1 ? join(folder, file!.path) : folder
  return { path, digest: dataset.digest, identity: datasetIdentity(dataset) }
}

async function registeredPath({ jobs, models }: Registered, value: string): Promise<string> {
  const [, name, version] = /^models:\/+([^/@]+)[/@]([^/]+)$/.exec(value) ?? []
  if (name !== undefined) return (await modelAt(models, name, version!)).path
  const path = await jobs.find(value)
  if (path !== undefined) return path
  throw notHere(value, 'only outputs of jobs, models and datastores can be read from azureml:// here')
}

/** `version` is a number or `latest`. */
async function modelAt(models: ModelRegistry, name: string, version: string): Promise<ResolvedData> {
  const versions = await models.versions({ model: name })
  const wanted =
    version === 'latest' ? versions.at(-1) : versions.find(found => String(found.version) === version)
  if (wanted) return { path: await models.folder(name, wanted.version), digest: wanted.digest }
  const known = versions.map(found => found.version).join(', ')
  const message = known
    ? `model ${name} has no version ${version}; it has ${known}`
    : `there is no model ${name}`
  throw new NotFoundError('model-version-not-found', message, { hint: 'See them: millwright model list' })
}

function need(registered: DataSources['registered'], value: string): Registered {
  if (registered) return registered
  throw notHere(value, 'without a server, give a path: --input <name>=<path>')
}

function notHere(value: string, hint: string): UserError {
  return new UserError('data-not-available', `the data '${value}' can't be read here`, { hint })
}
