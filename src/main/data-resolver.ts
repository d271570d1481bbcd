import { join } from 'node:path'
import { datasetIdentity, parseDatasetReference } from '#datasets/dataset.ts'
import { UserError } from '#errors.ts'
import type { ExecutorPorts } from '#ml-service/job.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'

/** Finds what a step reads by reference: registered datasets, when there is a store of them. */
export function dataResolver(datasets: DatasetStore | undefined): ExecutorPorts['resolveData'] {
  return async ({ kind, value, type }) => {
    const reference = kind === 'dataset' ? parseDatasetReference(value) : undefined
    if (!reference) throw notHere(value, 'only local paths and registered datasets can be read here')
    if (!datasets) throw notHere(value, 'without a server, give a path: --input <name>=<path>')
    const dataset = await datasets.find(reference)
    const folder = await datasets.folder(dataset)
    const [file] = dataset.files
    const path = type === 'uri_file' && dataset.files.length === 1 ? join(folder, file!.path) : folder
    return { path, digest: dataset.digest, identity: datasetIdentity(dataset) }
  }
}

function notHere(value: string, hint: string): UserError {
  return new UserError('data-not-available', `the data '${value}' can't be read here`, { hint })
}
