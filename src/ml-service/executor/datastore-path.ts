import { join, sep } from 'node:path'
import type { Datastores } from '../job.ts'

/**
 * Where a datastore path (`azureml://datastores/<name>/paths/<path>`, also with the long workspace prefix) lies in the
 * job's folder; undefined for everything else, also for paths that would leave their datastore.
 */
export function datastorePath(uri: string): string | undefined {
  const match = /^azureml:\/\/(?:.+\/)?datastores\/([A-Za-z0-9_-]+)\/paths\/?(.*)$/.exec(uri)
  if (!match) return undefined
  const parts = (match[2] ?? '').split('/').filter(part => part !== '' && part !== '.')
  return parts.includes('..') ? undefined : join('datastores', match[1]!, ...parts)
}

/** Where the datastore itself keeps such a path: an absolute path, or a URL. Undefined without datastores. */
export function datastorePlace(datastores: Datastores | undefined, path: string): string | undefined {
  const [, name, ...parts] = path.split(sep)
  const place = datastores?.at(name!)
  if (place === undefined) return undefined
  return isUrl(place) ? [place.replace(/\/$/, ''), ...parts].join('/') : join(place, ...parts)
}

export function isUrl(place: string): boolean {
  return place.startsWith('https://')
}
