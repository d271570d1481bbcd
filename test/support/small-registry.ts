import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { sha256 } from '#packaging/digest.ts'

/** What the registry does instead of answering, once per entry: a status, or `hang up`. */
export type Fault = number | 'hang up'

export interface SmallRegistry {
  /** `127.0.0.1:port` */
  host: string
  blobs: Map<string, Buffer>
  /** Requests as `METHOD path`, in order. */
  requests: string[]
  /** Faults for the next requests whose `METHOD path` match. */
  failNext(match: RegExp, ...faults: Fault[]): void
  close(): Promise<void>
}

/**
 * A registry in memory by the OCI distribution specification, with the traits of real ones that clients trip over:
 * relative locations that change with every step, pages of tags, bearer tokens, blobs that a manifest must not miss.
 */
export async function smallRegistry(
  options: { user?: string; password?: string; pageSize?: number } = {},
): Promise<SmallRegistry> {
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, { bytes: Buffer; type: string }>()
  const tags = new Map<string, string>()
  const uploads = new Map<string, Buffer[]>()
  const requests: string[] = []
  const faults: { match: RegExp; left: Fault[] }[] = []
  let step = 0

  const routes: [RegExp, (match: string[], request: IncomingMessage, response: ServerResponse) => unknown][] =
    [
      [/^GET \/token/, (_, request, response) => grantToken(request, response, options)],
      [
        /^HEAD \/v2\/(.+)\/blobs\/(sha256:\w+)$/,
        ([, name, digest], _, response) => {
          send(response, blobs.has(`${name}@${digest}`) ? 200 : 404)
        },
      ],
      [
        /^POST \/v2\/(.+)\/blobs\/uploads\/$/,
        ([, name], _, response) => {
          uploads.set(`${++step}`, [])
          send(response, 202, { location: `/v2/${name}/blobs/uploads/${step}?state=a` })
        },
      ],
      [
        /^PATCH \/v2\/(.+)\/blobs\/uploads\/(\d+)$/,
        async ([, name, id], request, response) => {
          const parts = uploads.get(id!)
          const start = Number(/^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1])
          if (!parts || start !== Buffer.concat(parts).length) return send(response, 416)
          uploads.delete(id!)
          const piece = await buffer(request)
          const next = `${++step}`
          uploads.set(next, [...parts, piece])
          send(response, 202, { location: `/v2/${name}/blobs/uploads/${next}?state=b` })
        },
      ],
      [
        /^PUT \/v2\/(.+)\/blobs\/uploads\/(\d+)$/,
        async ([, name, id], request, response) => {
          const bytes = Buffer.concat([...(uploads.get(id!) ?? []), await buffer(request)])
          const digest = new URL(request.url!, 'http://x').searchParams.get('digest')
          if (sha256(bytes) !== digest) return send(response, 400, {}, error('DIGEST_INVALID'))
          uploads.delete(id!)
          blobs.set(`${name}@${digest}`, bytes)
          send(response, 201, { location: `/v2/${name}/blobs/${digest}` })
        },
      ],
      [
        /^PUT \/v2\/(.+)\/manifests\/([^/]+)$/,
        async ([, name, reference], request, response) => {
          const bytes = await buffer(request)
          const digest = sha256(bytes)
          const { config, layers } = JSON.parse(bytes.toString())
          const missing = [config, ...layers].some(blob => !blobs.has(`${name}@${blob.digest}`))
          if (missing) return send(response, 404, {}, error('MANIFEST_BLOB_UNKNOWN'))
          manifests.set(`${name}@${digest}`, { bytes, type: request.headers['content-type']! })
          if (!reference!.startsWith('sha256:')) tags.set(`${name}:${reference}`, digest)
          send(response, 201, { 'docker-content-digest': digest })
        },
      ],
      [
        /^(GET|HEAD) \/v2\/(.+)\/manifests\/([^/]+)$/,
        ([, , name, reference], _, response) => {
          const digest = tags.get(`${name}:${reference}`) ?? reference
          const found = manifests.get(`${name}@${digest}`)
          if (!found) return send(response, 404, {}, error('MANIFEST_UNKNOWN'))
          send(response, 200, { 'content-type': found.type, 'docker-content-digest': digest! }, found.bytes)
        },
      ],
      [
        /^GET \/v2\/(.+)\/tags\/list$/,
        ([, name], request, response) => {
          const all = [...tags.keys()]
            .filter(tag => tag.startsWith(`${name}:`))
            .map(tag => tag.split(':')[1]!)
            .sort()
          if (all.length === 0) return send(response, 404, {}, error('NAME_UNKNOWN'))
          const last = new URL(request.url!, 'http://x').searchParams.get('last') ?? ''
          const rest = all.filter(tag => tag > last)
          const page = rest.slice(0, options.pageSize ?? 10)
          const link = `</v2/${name}/tags/list?n=10&last=${page.at(-1)}>; rel="next"`
          send(response, 200, page.length < rest.length ? { link } : {}, JSON.stringify({ name, tags: page }))
        },
      ],
    ]

  const server = createServer((request, response) => {
    const path = request.url!.split('?')[0]
    const line = `${request.method} ${path}`
    requests.push(line)
    const fault = faults.find(({ match, left }) => match.test(line) && left.length > 0)?.left.shift()
    if (fault === 'hang up') return request.socket.destroy()
    if (fault !== undefined) return request.resume().on('end', () => send(response, fault))
    if (options.user && !path!.startsWith('/token') && request.headers.authorization !== 'Bearer granted') {
      const realm = `http://${request.headers.host}/token`
      const challenge = `Bearer realm="${realm}",service="small",scope="repository:x:pull"`
      return request.resume().on('end', () => send(response, 401, { 'www-authenticate': challenge }))
    }
    const route = routes.map(([match, run]) => [match.exec(line), run] as const).find(([match]) => match)
    if (!route) return send(response, 404)
    void Promise.resolve(route[1]([...route[0]!], request, response)).catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    requests,
    failNext: (match, ...left) => faults.push({ match, left }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body?: string | Buffer,
) {
  response.writeHead(status, headers).end(body)
}

function error(code: string): string {
  return JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] })
}

function grantToken(
  request: IncomingMessage,
  response: ServerResponse,
  { user, password }: { user?: string; password?: string },
) {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const scope = new URL(request.url!, 'http://x').searchParams.get('scope') ?? ''
  const granted = request.headers.authorization === expected && scope.endsWith(':pull,push')
  send(response, granted ? 200 : 401, {}, JSON.stringify({ token: 'granted', expires_in: 300 }))
}
