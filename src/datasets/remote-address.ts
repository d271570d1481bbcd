/** Where data on the network is. A blob may also be the beginning of names: a folder. */
export type RemoteAddress =
  | { kind: 'file'; url: string }
  | { kind: 'blob'; host: string; container: string; path: string; query: string }

const BLOB_HOST =
  /^[a-z0-9]{3,24}\.blob\.(core\.windows\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn)$/

/**
 * Reads `https://…`, `http://…`, and the addresses of Azure's storage: `wasb[s]://container@account.blob.host/path` and
 * `abfs[s]://container@account.dfs.host/path` mean `https://account.blob.host/container/path`. Undefined for others.
 */
export function remoteAddress(text: string): RemoteAddress | undefined {
  const storage = /^(?:wasbs?|abfss?):\/\/([^@/]+)@([^/?#]+)\/?([^?#]*)$/i.exec(text)
  if (storage) {
    const [, container, host, path] = storage as unknown as [string, string, string, string]
    return { kind: 'blob', host: blobHost(host), container, path: decoded(path), query: '' }
  }
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username + url.password !== '') return undefined
  return blobUrl(url) ?? { kind: 'file', url: url.href }
}

/** The address without what may be secret: a signature stands in the query. */
export function shownAddress(text: string): string {
  return text.replace(/[?#].*$/s, '')
}

/** A blob's name as part of a URL. */
export function blobPath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

function blobUrl(url: URL): RemoteAddress | undefined {
  const [, container, ...path] = url.pathname.split('/')
  if (url.protocol !== 'https:' || url.port !== '' || !BLOB_HOST.test(url.hostname) || !container)
    return undefined
  return { kind: 'blob', host: url.hostname, container, path: decoded(path.join('/')), query: url.search }
}

function blobHost(host: string): string {
  return host.toLowerCase().replace(/^([a-z0-9]+)\.dfs\./, '$1.blob.')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
