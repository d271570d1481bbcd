import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UserError } from '#errors.ts'
import { imageRegistryContract } from '../../../test/contracts/image-registry.ts'
import { type SmallRegistry, smallRegistry } from '../../../test/support/small-registry.ts'
import { type TinyModel, tinyModel } from '../../../test/support/tiny-model.ts'
import { ociRegistry } from './image-registry.ts'

imageRegistryContract('OCI distribution API, a small server', async () => {
  const server = await smallRegistry()
  return {
    registry: ociRegistry({ url: `${server.host}/models`, pause: async () => {} }),
    blob: async (repository, digest) => server.blobs.get(`models/${repository}@${digest}`)!,
    close: server.close,
  }
})

const dockerRegistry = ['/usr/bin/docker-registry', '/usr/local/bin/registry'].find(existsSync)
if (dockerRegistry)
  imageRegistryContract('OCI distribution API, docker-registry', () => startDocker(dockerRegistry))
else test.skip('image registry: OCI distribution API, docker-registry (not installed)', () => {})

describe('a registry with faults', () => {
  let server: SmallRegistry
  let tiny: TinyModel
  let waits: number[]
  beforeEach(async () => {
    server = await smallRegistry({ user: 'ann', password: 'secret' })
    tiny = await tinyModel()
    waits = []
  })
  afterEach(async () => {
    await server.close()
    await rm(tiny.folder, { recursive: true })
  })
  const credentials = { username: 'ann', password: 'secret' }
  const connect = (given: typeof credentials | undefined = credentials) =>
    ociRegistry({ url: server.host, credentials: given, pause: async seconds => void waits.push(seconds) })

  test('a token is asked for once and used for everything', async () => {
    await connect().push(tiny.layout, 'tiny')
    expect(server.requests.filter(line => line.startsWith('GET /token'))).toHaveLength(1)
  })

  test('wrong credentials are refused without being shown', async () => {
    const push = connect({ username: 'ann', password: 'hunter2' }).push(tiny.layout, 'tiny')
    const error = await push.catch(refused => refused)
    expect(error).toBeInstanceOf(UserError)
    expect(error.code).toBe('registry-denied')
    expect(JSON.stringify(error) + error.message).not.toContain('hunter2')
  })

  test('passing faults are outlasted: too many requests, server errors, hung-up connections', async () => {
    server.failNext(/^HEAD .*blobs/, 429, 503, 'hang up')
    server.failNext(/^POST/, 500)
    server.failNext(/^PUT .*uploads/, 'hang up', 502)
    server.failNext(/^PUT .*manifests/, 503, 'hang up')
    expect(await connect().push(tiny.layout, 'tiny')).toBe(tiny.image.digest)
    expect(waits.length).toBeGreaterThanOrEqual(8)
    expect(Math.max(...waits)).toBeLessThanOrEqual(3.2)
  })

  test('a registry that stays away is named, after a few attempts', async () => {
    server.failNext(/manifests/, ...Array(9).fill(503))
    await expect(connect().push(tiny.layout, 'tiny')).rejects.toMatchObject({ code: 'registry-unavailable' })
    expect(waits).toHaveLength(4)
  })

  test('a large layer goes in pieces and is begun again when one is lost', async () => {
    const { folder, layout, image } = await tinyModel({ extra: randomBytes(40 * 1024 * 1024) })
    server.failNext(/^PATCH/, 503, 416, 'hang up')
    expect(await connect().push(layout, 'large')).toBe(image.digest)
    expect(server.requests.filter(line => line.startsWith('PATCH')).length).toBeGreaterThanOrEqual(4)
    const sent = server.requests.length
    await connect().push(layout, 'large')
    expect(server.requests.slice(sent).filter(line => /^(HEAD|GET) /.test(line))).toHaveLength(
      server.requests.length - sent,
    )
    await rm(folder, { recursive: true })
  })

  test.each(['http://registry.example.com', 'user:pass@127.0.0.1', 'a b', '', '127.0.0.1:80/UP', 'ftp://x'])(
    'the address %j is refused',
    url => {
      expect(() => ociRegistry({ url })).toThrow(UserError)
    },
  )
})

async function startDocker(program: string) {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-registry-'))
  const port = await freePort()
  const config = { version: 0.1, storage: { filesystem: { rootdirectory: join(folder, 'data') } } }
  const text = JSON.stringify({ ...config, log: { level: 'error' }, http: { addr: `127.0.0.1:${port}` } })
  await writeFile(join(folder, 'config.yml'), text)
  const server = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  const exited = new Promise(resolve => server.once('exit', resolve))
  const url = `127.0.0.1:${port}`
  await expect
    .poll(
      () =>
        fetch(`http://${url}/v2/`).then(
          answer => answer.status,
          () => 0,
        ),
      { timeout: 10_000 },
    )
    .toBe(200)
  return {
    registry: ociRegistry({ url }),
    blob: async (repository: string, digest: string) =>
      Buffer.from(await (await fetch(`http://${url}/v2/${repository}/blobs/${digest}`)).arrayBuffer()),
    close: async () => {
      server.kill()
      await exited
      await rm(folder, { recursive: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
