import { join } from 'node:path'

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
