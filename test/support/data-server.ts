import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A small web server on the loopback that also lists blobs, and misbehaves as it is told. */
export interface DataServer {
  url: string
  /** Contents by path; the etag is `version` of the content. */
  files: Map<string, Buffer>
  /** Takes the place of the usual answer, once for each entry. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void)[]
  /** Method, path and headers of what was asked. */
  asked: { path: string; range?: string; ifNoneMatch?: string; status?: number }[]
  close(): Promise<void>
}

/** Blobs per page of a listing. */
const PAGE = 3

export async function dataServer(): Promise<DataServer> {
  const files: DataServer['files'] = new Map()
  const instead: DataServer['instead'] = []
  const asked: DataServer['asked'] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x')
    const entry: DataServer['asked'][number] = { path: request.url! }
    if (request.headers.range) entry.range = request.headers.range
    if (request.headers['if-none-match']) entry.ifNoneMatch = request.headers['if-none-match']
    asked.push(entry)
    response.on('close', () => {
      entry.status = response.statusCode
    })
    const other = instead.shift()
    if (other) other(request, response)
    else if (url.searchParams.get('comp') === 'list') list(files, url, response)
    else serve(files, decodeURIComponent(url.pathname), request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    instead,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

export function etagOf(content: Buffer): string {
  return `"${content.length}-${content.subarray(0, 8).toString('hex')}"`
}

function serve(
  files: DataServer['files'],
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const content = files.get(path)
  if (!content) return void response.writeHead(404).end()
  const headers = { etag: etagOf(content) }
  if (request.headers['if-none-match'] === headers.etag) return void response.writeHead(304, headers).end()
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from > 0 && request.headers['if-range'] === headers.etag) {
    const range = `bytes ${from}-${content.length - 1}/${content.length}`
    const part = content.subarray(from)
    response.writeHead(206, { ...headers, 'content-range': range, 'content-length': part.length }).end(part)
  } else response.writeHead(200, { ...headers, 'content-length': content.length }).end(content)
}

function list(files: DataServer['files'], url: URL, response: ServerResponse): void {
  const container = `${url.pathname}/`
  const prefix = container + url.searchParams.get('prefix')
  const names = [...files.keys()].filter(name => name.startsWith(prefix)).sort()
  const from = Number(url.searchParams.get('marker') ?? 0)
  const blobs = names.slice(from, from + PAGE).map(name => {
    const content = files.get(name)!
    const properties = `<Content-Length>${content.length}</Content-Length><Etag>${etagOf(content).slice(1, -1)}</Etag>`
    return `<Blob><Name>${escaped(name.slice(container.length))}</Name><Properties>${properties}</Properties></Blob>`
  })
  const next = from + PAGE < names.length ? String(from + PAGE) : ''
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(
      `\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="c"><Blobs>${blobs.join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
    )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
