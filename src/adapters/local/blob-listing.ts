import { XMLParser } from 'fast-xml-parser'
import { UserError } from '#errors.ts'
import { askPatiently, type RemoteContext } from './remote-transfer.ts'

export interface ListedBlob {
  name: string
  bytes: number
  etag: string
}

/**
 * All blobs of a container whose names begin with `prefix`, in the order of their names: the List Blobs operation of
 * Azure's Blob service (version 2021-08-06), page by page. `query` may hold a shared access signature.
 */
export async function listBlobs(
  context: RemoteContext,
  container: string,
  { prefix, query, signal }: { prefix: string; query: string; signal: AbortSignal },
): Promise<ListedBlob[]> {
  const blobs: ListedBlob[] = []
  let marker = ''
  do {
    const page = new URLSearchParams({
      restype: 'container',
      comp: 'list',
      prefix,
      ...(marker ? { marker } : {}),
    })
    const url = `${container}?${page}${query.replace(/^\?/, '&')}`
    const { found, next } = readPage(container, await askPatiently(context, url, signal))
    for (const blob of found) blobs.push(blob)
    if (next !== '' && next === marker) throw unreadable(container)
    marker = next
  } while (marker !== '')
  return withoutMarkers(blobs)
}

const PARSER = new XMLParser({
  isArray: name => name === 'Blob',
  parseTagValue: false,
  trimValues: false,
  processEntities: true,
  ignoreDeclaration: true,
})

interface Page {
  EnumerationResults?: {
    Blobs?: { Blob?: { Name?: string; Properties?: Record<string, string> }[] } | ''
    NextMarker?: string
  }
}

function readPage(container: string, xml: string): { found: ListedBlob[]; next: string } {
  const { EnumerationResults: results } = PARSER.parse(xml) as Page
  if (!results) throw unreadable(container)
  const blobs = results.Blobs === '' ? [] : (results.Blobs?.Blob ?? [])
  const found = blobs.map(({ Name, Properties = {} }) => {
    const bytes = Number(Properties['Content-Length'])
    if (typeof Name !== 'string' || !Number.isSafeInteger(bytes)) throw unreadable(container)
    return { name: Name, bytes, etag: Properties.Etag ?? '' }
  })
  return { found, next: results.NextMarker ?? '' }
}

/** Tools that have folders leave an empty blob where one is. */
function withoutMarkers(blobs: readonly ListedBlob[]): ListedBlob[] {
  const folders = new Set<string>()
  for (const { name } of blobs) {
    for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1))
      folders.add(name.slice(0, end))
  }
  return blobs.filter(({ name, bytes }) => bytes > 0 || !(name.endsWith('/') || folders.has(name)))
}

function unreadable(container: string): UserError {
  return new UserError('download-failed', `${container} answers with something that isn't a list of blobs`, {
    hint: 'Check the address.',
  })
}
