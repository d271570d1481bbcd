import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { readExpectation } from './support/conformance/expectation.ts'
import { playCase } from './support/conformance/play-case.ts'

/** Pipelines as users of Azure ML CLI v2 write them, one per rule of the format, run through the command line. */
const CASES = fileURLToPath(new URL('./conformance', import.meta.url))

const server = createServer((request, response) => {
  const [, name = '', ...rest] = decodeURIComponent(request.url ?? '').split('/')
  const file = join(CASES, name, 'served', normalize(`/${rest.join('/')}`))
  if (existsSync(file)) createReadStream(file).pipe(response)
  else response.writeHead(404).end()
})

beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => new Promise(resolve => server.close(resolve)))

describe.concurrent('conformance', () => {
  it.for(readdirSync(CASES).sort())('%s', async (name, context) => {
    const { port } = server.address() as AddressInfo
    const { pending } = readExpectation(join(CASES, name))
    const play = playCase(join(CASES, name), `http://127.0.0.1:${port}/${name}`)
    if (pending === undefined) return play
    const failed = await play.then(
      () => false,
      () => true,
    )
    if (!failed) throw new Error('is met: take `pending` out of its expect.yml')
    context.skip(`pending: ${pending}`)
  })
})
