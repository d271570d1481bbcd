import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '#ml-service/executor/free-port.ts'
import { filesDigest } from '#models/digest.ts'
import { sha256 } from '#packaging/digest.ts'
import type { InferRequest, Signature } from '#packaging/inference.ts'
import { serviceDocument } from '#packaging/runtime.ts'

const python = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'].find(existsSync)

const ECHO = `
import threading, time
class Number:
    """Like a number of numpy's."""
    def __init__(self, value): self.value = value
    def item(self): return self.value
def load(model_dir): return {"calls": 0}
def predict(model, inputs):
    first = inputs["f"][0]
    if first == 1: raise ValueError("f must not begin with 1")
    if first == 2: raise KeyError("oops")
    if first == 3: return {**answer(inputs), "f": [float("nan")] * len(inputs["f"])}
    if first == 4: return {**answer(inputs), "f": inputs["f"][:-1]}
    if first == 5: time.sleep(0.7)
    if first == 6: return {"f": inputs["f"]}
    if first == 7: return {**answer(inputs), "i": [1.5] * len(inputs["i"])}
    return answer(inputs)
def answer(inputs):
    return {"f": [Number(value) for value in inputs["f"]], "i": inputs["i"], "b": inputs["b"], "s": inputs["s"]}
`

const SIGNATURE: Signature = {
  inputs: [
    { name: 'f', datatype: 'FP32', shape: [-1, 2] },
    { name: 'i', datatype: 'INT8', shape: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [-1] },
    { name: 's', datatype: 'BYTES', shape: [-1] },
  ],
  outputs: [
    { name: 'f', datatype: 'FP32', shape: [-1, 2] },
    { name: 'i', datatype: 'INT8', shape: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [-1] },
    { name: 's', datatype: 'BYTES', shape: [-1] },
  ],
}

interface Running {
  url: string
  child: ChildProcess
  exited: Promise<number | null>
  log(): string
}

const folders: string[] = []
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

describe.skipIf(!python)('the runtime python-oip', { timeout: 30_000 }, () => {
  let echo: Running
  beforeAll(async () => {
    echo = await ready(await start(await home({ predict: ECHO, signature: SIGNATURE })))
  })

  test('answers health, metadata and metrics', async () => {
    expect(await get(echo, '/v2')).toMatchObject([200, { name: 'millwright-python-oip' }])
    expect(await get(echo, '/v2/health/live')).toEqual([200, { live: true }])
    expect(await get(echo, '/v2/models/echo/ready')).toEqual([200, { name: 'echo', ready: true }])
    expect(await get(echo, '/v2/models/echo/versions/7/ready')).toEqual([200, { name: 'echo', ready: true }])
    const [status, metadata] = await get(echo, '/v2/models/echo')
    expect(status).toBe(200)
    expect(metadata).toMatchObject({ name: 'echo', versions: ['7'], platform: 'python', ...SIGNATURE })
    expect(metadata).toMatchObject({
      version: '7',
      digest: expect.stringMatching(/^sha256:/),
      commit: 'c0ffee',
    })
    const metrics = await (await fetch(`${echo.url}/metrics`)).text()
    expect(metrics).toContain('oip_requests_total{route="server",status="200"} 1\n')
    expect(metrics).toContain('oip_ready 1\n')
  })

  test('every datatype, flat and nested, goes in and out', async () => {
    const flat = good({ f: [0.5, 1e30, -2, 0] })
    expect(await infer(echo, { ...flat, id: 'a' })).toEqual([
      200,
      { model_name: 'echo', model_version: '7', id: 'a', outputs: flat.inputs },
    ])
    const nested = good({
      f: [
        [0.5, 1e30],
        [-2, 0],
      ] as never,
    })
    expect(await infer(echo, nested, 'versions/7/infer')).toMatchObject([200, { outputs: flat.inputs }])
    const some = { ...flat, outputs: [{ name: 's' }] }
    expect(await infer(echo, some)).toMatchObject([200, { outputs: [{ name: 's', data: ['ä', '💡'] }] }])
  })

  test.each<[string, unknown, RegExp]>([
    ['no object', [], /must be a JSON object/],
    ['no inputs', {}, /inputs must be a list/],
    ['a missing input', { inputs: good().inputs.slice(1) }, /'f' is missing/],
    [
      'an unknown input',
      { inputs: [...good().inputs, { name: 'x' }] },
      /unknown name 'x'.*known: b, f, i, s/,
    ],
    ['an input twice', { inputs: [...good().inputs, good().inputs[0]] }, /twice/],
    ['a wrong datatype', change('f', { datatype: 'FP64' }), /FP32, not "FP64"/],
    ['a wrong rank', change('f', { shape: [4] }), /shape \[-1, 2\], not \[4\]/],
    ['a wrong size', change('f', { shape: [2, 3] }), /shape \[-1, 2\]/],
    ['an empty batch', change('i', { shape: [0], data: [] }), /positive whole numbers/],
    ['a size that is true', change('i', { shape: [true] }), /positive whole numbers/],
    ['another batch', change('i', { shape: [1], data: [1] }), /differ in their batch size/],
    ['too few values', change('f', { data: [1, 2, 3] }), /needs 4 values, not 3/],
    ['nested data that do not fit', change('f', { data: [[1, 2, 3], [4]] }), /nested data/],
    [
      'a text for a number',
      change('f', { data: [1, 2, 3, '4'] }),
      /"4" in the data of input 'f' is not .* FP32/,
    ],
    ['true for a number', change('i', { data: [1, true] }), /true in the data of input 'i' is not .* INT8/],
    ['a fraction for a whole number', change('i', { data: [1, 1.0000001] }), /not of the datatype INT8/],
    ['a number for a bool', change('b', { data: [true, 0] }), /0 in the data/],
    ['null for a text', change('s', { data: ['a', null] }), /null in the data/],
    ['a number out of range', change('i', { data: [1, 128] }), /range of INT8, -128 to 127/],
    ['a float out of range', change('f', { data: [1, 2, 3, 1e39] }), /range of FP32/],
    ['an unknown output', { ...good(), outputs: [{ name: 'x' }] }, /unknown name 'x' in outputs/],
    ['a value that the model refuses', good({ f: [1, 0, 0, 0] }), /refuses the values: f must not begin/],
  ])('refuses %s with 400 and a reason', async (_, body, reason) => {
    expect(await infer(echo, body)).toEqual([400, { error: expect.stringMatching(reason) }])
  })

  test.each([
    ['{"inputs": [', 400],
    ['{"inputs": NaN}', 400],
    ['{"inputs": [{"name": "f", "datatype": "FP32", "shape": [1, 2], "data": [1e999, 0]}]}', 400],
    ['['.repeat(100_000), 400],
    ['9'.repeat(10_000), 400],
    [Buffer.from([0xff, 0xfe, 0x7b]), 400],
    ['', 400],
  ])('refuses the body %#', async (body, status) => {
    const answer = await fetch(`${echo.url}/v2/models/echo/infer`, { method: 'POST', body })
    expect([answer.status, await answer.json()]).toEqual([status, { error: expect.any(String) }])
  })

  test.each([
    [2, /KeyError: 'oops'/],
    [3, /'f' that isn't FP32: nan is not a finite number/],
    [4, /3 values of 'f', which don't fit \[2, 2\]/],
    [6, /returned no 'i'/],
    [7, /'i' that isn't INT8/],
  ])(
    'a fault of the model (%i) is a 500 with a reason, and the next request is answered',
    async (first, reason) => {
      expect(await infer(echo, good({ f: [first, 0, 0, 0] }))).toEqual([
        500,
        { error: expect.stringMatching(reason) },
      ])
      expect(await infer(echo, good())).toMatchObject([200, {}])
    },
  )

  test('unknown places are 404, wrong methods 405', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v2/models/other',
      '/v2/models/echo/versions/8',
      '/v2/models/echo/x',
      '/v2/../etc',
    ]) {
      expect(await get(echo, path)).toEqual([404, { error: expect.any(String) }])
    }
    const answer = await fetch(`${echo.url}/v2/models/echo/infer`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await fetch(`${echo.url}/v2`, { method: 'DELETE' })).status).toBe(405)
    expect((await fetch(`${echo.url}/v2`, { method: 'HEAD' })).status).toBe(200)
  })

  test('connections are kept, and small answers are not delayed', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()
    const began = performance.now()
    for (let call = 0; call < 50; call++) ports.add(await localPort(`${echo.url}/v2/health/live`, agent))
    expect(ports.size).toBe(1)
    expect(performance.now() - began).toBeLessThan(1500)
    agent.destroy()
  })

  describe('start and end', () => {
    const started: Running[] = []
    afterEach(() => {
      for (const running of started.splice(0)) running.child.kill('SIGKILL')
    })
    async function begin(given: Home, env: Record<string, string> = {}): Promise<Running> {
      const running = await start(await home(given), env)
      started.push(running)
      return running
    }

    test('a body over the limit is 413', async () => {
      const small = await ready(
        await begin({ predict: ECHO, signature: SIGNATURE }, { OIP_MAX_BODY_BYTES: '500' }),
      )
      expect((await infer(small, good()))[0]).toBe(200)
      expect(await infer(small, { ...good(), id: 'x'.repeat(500) })).toEqual([
        413,
        { error: expect.any(String) },
      ])
      expect((await infer(small, good()))[0]).toBe(200)
    })

    test('SIGTERM answers what has begun, closes idle connections and exits with 0', async () => {
      const slow = await ready(await begin({ predict: ECHO, signature: SIGNATURE }))
      const answer = infer(slow, good({ f: [5, 0, 0, 0] }))
      await expect.poll(async () => (await metrics(slow)).includes('oip_in_flight 2')).toBe(true)
      slow.child.kill('SIGTERM')
      expect((await answer)[0]).toBe(200)
      expect(await slow.exited).toBe(0)
    })

    test('until the model is loaded it is alive, not ready, and infers nothing', async () => {
      const predict = ECHO.replace(
        'def load(model_dir): return',
        'def load(model_dir):\n    time.sleep(30)\n    return',
      )
      const slow = await begin({ predict, signature: SIGNATURE })
      await expect
        .poll(() => get(slow, '/v2/health/live').catch(() => []), { timeout: 5000 })
        .toEqual([200, { live: true }])
      expect(await get(slow, '/v2/health/ready')).toEqual([503, { ready: false }])
      expect((await infer(slow, good()))[0]).toBe(503)
      slow.child.kill('SIGTERM')
      expect(await slow.exited).toBe(0)
    })

    test.each<[string, Home, number, RegExp]>([
      [
        'altered model files',
        { predict: ECHO, digest: `sha256:${'0'.repeat(64)}` },
        3,
        /digest sha256:\w+, but/,
      ],
      [
        'code that cannot be imported',
        { predict: 'import nothing_like_this' },
        3,
        /can't be imported: ModuleNotFound/,
      ],
      ['code without predict', { predict: 'def load(d): pass' }, 3, /no function predict/],
      [
        'a failing self-inference',
        { predict: ECHO, warmup: good({ f: [2, 0, 0, 0] }) },
        3,
        /self-inference failed/,
      ],
      ['a broken service.json', { predict: ECHO, document: '{' }, 2, /service.json: JSONDecodeError/],
      [
        'a folder that is elsewhere',
        { predict: ECHO, replace: ['"model": "model"', '"model": "../model"'] },
        2,
        /is not inside/,
      ],
      ['an unknown datatype', { predict: ECHO, replace: ['INT8', 'INT7'] }, 2, /unknown datatype 'INT7'/],
    ])('%s: exits and says why', async (_, given, code, reason) => {
      const failing = await begin({ signature: SIGNATURE, ...given })
      expect(await failing.exited).toBe(code)
      expect(failing.log().trimEnd().split('\n').at(-1)).toMatch(reason)
    })

    test('a port that is no port or taken: exits with 2', async () => {
      const port = new URL(echo.url).port
      for (const PORT of ['', 'x', '70000', port].slice(1)) {
        const failing = await begin({ predict: ECHO, signature: SIGNATURE }, { PORT })
        expect(await failing.exited).toBe(2)
      }
    })

    test('its digest of a folder is filesDigest, also for names that sort differently', async () => {
      const files = { 'a/b.txt': '1', 'a.txt': '2', ä: '3', '\uffee': '4', '💡/x': '5', empty: '' }
      const good = await begin({ predict: ECHO, signature: SIGNATURE, files })
      await ready(good)
    })
  })
})

interface Home {
  predict: string
  signature?: Signature
  digest?: string
  document?: string
  warmup?: InferRequest
  files?: Record<string, string>
  replace?: [string, string]
}

async function home(given: Home): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-oip-'))
  folders.push(folder)
  await cp(resolve('runtimes/python-oip/oip_server.py'), join(folder, 'oip_server.py'))
  const files = Object.entries(given.files ?? { 'weights.json': '{}' })
  const written = {
    'serve/predict.py': given.predict,
    ...Object.fromEntries(files.map(([p, t]) => [`model/${p}`, t])),
  }
  for (const [path, text] of Object.entries(written)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const digest =
    given.digest ??
    filesDigest(files.map(([path, text]) => ({ path, bytes: Buffer.byteLength(text), digest: sha256(text) })))
  const signature = given.signature ?? SIGNATURE
  const service = {
    name: 'echo',
    version: 7,
    digest,
    commit: 'c0ffee',
    signature,
    warmup: given.warmup ?? null,
  }
  const document = given.document ?? serviceDocument(service).replace(...(given.replace ?? ['', '']))
  await writeFile(join(folder, 'service.json'), document)
  return folder
}

async function start(folder: string, env: Record<string, string> = {}): Promise<Running> {
  const port = env.PORT ?? String(await freePort())
  const child = spawn(python!, ['-m', 'oip_server'], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOST: '127.0.0.1', PORT: port, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  let log = ''
  child.stderr!.on('data', chunk => {
    log += chunk
  })
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  return { url: `http://127.0.0.1:${port}`, child, exited, log: () => log }
}

async function ready(running: Running): Promise<Running> {
  const ask = async () => expect(await get(running, '/v2/health/ready')).toEqual([200, { ready: true }])
  await vi.waitFor(ask, { timeout: 10_000, interval: 20 })
  return running
}

async function get(running: Running, path: string): Promise<[number, unknown]> {
  const answer = await fetch(running.url + path)
  return [answer.status, await answer.json()]
}

async function metrics(running: Running): Promise<string> {
  return (await fetch(`${running.url}/metrics`)).text()
}

async function infer(running: Running, body: unknown, place = 'infer'): Promise<[number, unknown]> {
  const answer = await fetch(`${running.url}/v2/models/echo/${place}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  return [answer.status, await answer.json()]
}

function good(data: { f?: number[] } = {}): InferRequest {
  return {
    inputs: [
      { name: 'f', datatype: 'FP32', shape: [2, 2], data: data.f ?? [0, 0, 0, 0] },
      { name: 'i', datatype: 'INT8', shape: [2], data: [-128, 127] },
      { name: 'b', datatype: 'BOOL', shape: [2], data: [true, false] },
      { name: 's', datatype: 'BYTES', shape: [2], data: ['ä', '💡'] },
    ],
  }
}

function change(name: string, facts: Record<string, unknown>) {
  return { inputs: good().inputs.map(tensor => (tensor.name === name ? { ...tensor, ...facts } : tensor)) }
}

function localPort(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, response => {
      const port = response.socket.localPort
      response.resume().once('end', () => resolve(port))
    })
      .once('error', reject)
      .end()
  })
}
