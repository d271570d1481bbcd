import { readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, mkdtemp, rm, truncate } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DataServer, dataServer, etagOf } from '../../../test/support/data-server.ts'
import { type RemoteDataOptions, remoteData } from './remote-data.ts'

let server: DataServer
let directory: string
const lines: string[] = []

beforeEach(async () => {
  server = await dataServer()
  directory = await mkdtemp(join(tmpdir(), 'millwright-remote-'))
})
afterEach(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

function fetch(
  address: string,
  options: Partial<RemoteDataOptions> & { type?: string; trusted?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  const { type = 'uri_file', trusted = true, signal = new AbortController().signal, ...more } = options
  const data = remoteData({
    ...{ directory, env: {}, storage: undefined, maxBytes: 1e9, pauseMs: 1 },
    onProgress: line => lines.push(line),
    endpoint: () => server.url,
    ...more,
  })
  return data.fetch(address, { type, trusted, signal }) as Promise<string>
}

function put(path: string, text: string): string {
  server.files.set(path, Buffer.from(text))
  return `${server.url}${path}`
}

describe('a file', () => {
  test('is fetched once per state, read-only, under its own name', async () => {
    const url = put('/x/iris%20data.csv'.replace('%20', ' '), 'a\n1\n').replace(' ', '%20')
    const first = await fetch(url)
    expect([basename(first), readFileSync(first, 'utf8')]).toEqual(['iris_data.csv', 'a\n1\n'])
    expect(statSync(first).mode & 0o222).toBe(0)
    expect(await fetch(`${url}?sig=other`)).toBe(first)
    put('/x/iris data.csv', 'a\n22\n')
    const second = await fetch(url)
    expect([readFileSync(first, 'utf8'), readFileSync(second, 'utf8')]).toEqual(['a\n1\n', 'a\n22\n'])
    expect(server.asked.map(one => one.status)).toEqual([200, 304, 200])
  })

  test('is kept once also when the server never says that nothing has changed', async () => {
    for (let i = 0; i < 2; i++)
      server.instead.push((_, response) => response.writeHead(200, { etag: '"1"' }).end('content'))
    const url = put('/x', 'content')
    expect(await fetch(url)).toBe(await fetch(url))
  })

  test('that lost bytes on our disk is fetched again', async () => {
    const url = put('/x.csv', 'whole')
    const path = await fetch(url)
    await chmod(path, 0o644)
    await truncate(path, 2)
    expect(readFileSync(await fetch(url), 'utf8')).toBe('whole')
  })

  test('whose connection breaks is taken up where it broke', async () => {
    const content = Buffer.alloc(400_000, 'abcdefgh')
    server.files.set('/big', content)
    server.instead.push((_, response) => {
      response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
      response.write(content.subarray(0, 200_000), () => setImmediate(() => response.destroy()))
    })
    expect(readFileSync(await fetch(`${server.url}/big`)).equals(content)).toBe(true)
    expect(server.asked.at(-1)).toMatchObject({
      range: expect.stringMatching(/^bytes=\d{4,}-$/),
      status: 206,
    })
  })

  test('that changes while the connection is broken is begun anew', async () => {
    const url = put('/big', 'the new one')
    server.instead.push((_, response) => {
      response.writeHead(200, { etag: '"old"', 'content-length': 100 })
      response.write('the old', () => setImmediate(() => response.destroy()))
    })
    expect(readFileSync(await fetch(url), 'utf8')).toBe('the new one')
  })

  test('is had after passing failures, and a server that lies about the length is none to trust', async () => {
    const url = put('/x', 'content')
    server.instead.push((_, response) => response.writeHead(503, { 'retry-after': '0' }).end('busy'))
    server.instead.push((_, response) => response.destroy())
    server.instead.push((_, response) => {
      response.writeHead(200, { 'content-length': 5000, connection: 'close' })
      response.write('short')
      response.socket!.end()
    })
    expect(readFileSync(await fetch(url), 'utf8')).toBe('content')
    expect(server.asked).toHaveLength(4)
  })

  test('that cannot be had is an error that names the address, but no signature; nothing is left', async () => {
    put('/x', 'content')
    const absent = fetch(`${server.url}/absent?sig=secret`)
    await expect(absent).rejects.toMatchObject({ code: 'remote-data-not-found' })
    await expect(absent).rejects.toThrow(`${server.url}/absent (`)
    server.instead.push((_, response) => response.writeHead(403).end())
    await expect(fetch(`${server.url}/x`)).rejects.toMatchObject({ code: 'remote-data-not-allowed' })
    for (let i = 0; i < 5; i++) server.instead.push((_, response) => response.writeHead(500).end())
    await expect(fetch(`${server.url}/x`)).rejects.toThrow('HTTP 500')
    await expect(fetch(`${server.url}/x`, { maxBytes: 3 })).rejects.toMatchObject({
      code: 'download-too-large',
    })
    expect(files(directory)).toEqual([])
    const { url } = server
    await server.close()
    await expect(fetch(`${url}/x`)).rejects.toThrow(new RegExp(`${url}/x can't be read: .*ECONNREFUSED`))
    server = await dataServer()
  })

  test('ends at once when its job is cancelled', async () => {
    const controller = new AbortController()
    server.instead.push((_, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('begins', () => controller.abort())
    })
    const fetching = fetch(`${server.url}/x`, { signal: controller.signal })
    await expect(fetching).rejects.toMatchObject({ name: 'CancelledError' })
    expect(files(directory)).toEqual([])
  })
})

describe('a redirect', () => {
  const redirect = (location: string) =>
    server.instead.push((_, response) => response.writeHead(302, { location }).end('moved'))

  test('is followed on the same host', async () => {
    put('/there', 'content')
    redirect('/there')
    expect(readFileSync(await fetch(`${server.url}/here`), 'utf8')).toBe('content')
  })

  test('never leads to this machine, to the link, or to another scheme', async () => {
    const other = await dataServer()
    other.files.set('/secret', Buffer.from('secret'))
    for (const target of [
      `${other.url}/secret`,
      other.url.replace('127.0.0.1', 'localhost'),
      'http://169.254.169.254/',
    ]) {
      redirect(target)
      await expect(fetch(`${server.url}/x`)).rejects.toMatchObject({ code: 'forbidden-address' })
    }
    redirect('file:///etc/passwd')
    for (let i = 0; i < 5; i++) redirect('file:///etc/passwd')
    await expect(fetch(`${server.url}/x`)).rejects.toThrow('is not followed')
    expect(other.asked).toEqual([])
    await other.close()
  })

  test('does not go in circles', async () => {
    for (let i = 0; i < 40; i++) redirect('/x')
    await expect(fetch(`${server.url}/x`)).rejects.toThrow('redirects')
  })
})

describe('a folder of blobs', () => {
  const HOST = 'acct.blob.core.windows.net'

  test('is listed page by page, and fetched once per state', async () => {
    for (const name of ['a.csv', 'b & c.csv', 'sub/d.csv', 'sub/e.csv', 'z.csv']) put(`/c/data/${name}`, name)
    put('/c/data/sub', '')
    put('/c/database/other.csv', 'not below data/')
    const first = await fetch(`wasbs://c@${HOST}/data`, { type: 'uri_folder' })
    expect(files(first)).toEqual(['a.csv', 'b & c.csv', 'sub/d.csv', 'sub/e.csv', 'z.csv'])
    expect(readFileSync(join(first, 'b & c.csv'), 'utf8')).toBe('b & c.csv')
    const asked = server.asked.length
    expect(await fetch(`https://${HOST}/c/data/`, { type: 'uri_folder' })).toBe(first)
    expect(server.asked.slice(asked).every(one => one.path.includes('comp=list'))).toBe(true)
    put('/c/data/z.csv', 'changed')
    expect(await fetch(`abfss://c@acct.dfs.core.windows.net/data`, { type: 'mltable' })).not.toBe(first)
  })

  test('and a single blob are told apart by what is there', async () => {
    put('/c/iris.csv', 'flowers')
    put('/c/data/a.csv', 'a')
    for (const type of ['uri_file', 'uri_folder']) {
      expect(readFileSync(await fetch(`wasbs://c@${HOST}/iris.csv`, { type }), 'utf8')).toBe('flowers')
      expect(files(await fetch(`wasbs://c@${HOST}/data`, { type }))).toEqual(['a.csv'])
    }
    await expect(fetch(`wasbs://c@${HOST}/nope`, { type: 'uri_folder' })).rejects.toThrow(
      'there is nothing at',
    )
  })

  test('whose names would leave the folder is refused before anything is fetched', async () => {
    server.instead.push((_, response) =>
      response.end(
        '<EnumerationResults><Blobs><Blob><Name>d/../../x</Name><Properties><Content-Length>1</Content-Length></Properties></Blob></Blobs><NextMarker/></EnumerationResults>',
      ),
    )
    const fetching = fetch(`wasbs://c@${HOST}/d`, { type: 'uri_folder' })
    await expect(fetching).rejects.toMatchObject({ code: 'unusable-file' })
    expect(server.asked).toHaveLength(1)
  })

  test('is read with our signature only by code that is trusted, and only on our account', async () => {
    put('/c/x', 'content')
    const storage = { account: 'acct', sasToken: 'sig=secret' }
    await fetch(`wasbs://c@${HOST}/x`, { storage })
    await fetch(`wasbs://c@${HOST}/x`, { storage, trusted: false })
    await fetch(`wasbs://c@other.blob.core.windows.net/x`, { storage })
    expect(server.asked.map(one => one.path)).toEqual(['/c/x?sig=secret', '/c/x', '/c/x'])
  })
})

test('a proxy is used when there is one, and not for what is excepted', async () => {
  const url = put('/x', 'content')
  const seen: string[] = []
  const proxy = createServer()
  proxy.on('connect', (request, socket) => {
    seen.push(request.url!)
    const onward = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const http_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const named = url.replace('127.0.0.1', 'data.example')
  expect(readFileSync(await fetch(named, { env: { http_proxy } }), 'utf8')).toBe('content')
  expect(seen).toEqual([new URL(named).host])
  await fetch(url, { env: { http_proxy, no_proxy: '127.0.0.1' } })
  expect(seen).toHaveLength(1)
  proxy.closeAllConnections()
  proxy.close()
})

/** Relative paths of all files below a folder. */
function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}
