import { execFileSync } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '#adapters/local/clock.ts'
import { localCodeHost } from '#adapters/local/code-host.ts'
import { localComponentRegistry } from '#adapters/local/component-registry.ts'
import { localDatasetStore } from '#adapters/local/dataset-store.ts'
import { localMlCatalog } from '#adapters/local/ml-catalog.ts'
import { localModelRegistry } from '#adapters/local/model-registry.ts'
import { folderTree } from '#adapters/local/source-tree.ts'
import { recordUses } from '#database/dataset-lineage.ts'
import { endJob, recordJob, requestCancel } from '#database/ml-jobs.ts'
import { recordSteps } from '#database/ml-steps.ts'
import { endStage, recordRun, startStage, updateRun } from '#database/runs.ts'
import { explainStep } from '#ml-service/explain-step.ts'
import { registerData } from '#ml-service/register-data.ts'
import { type Orchestration, runFolders } from '#orchestrator/orchestration.ts'
import { PIPELINES } from '#orchestrator/pipelines/pipelines.ts'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { createApp, type ServerContext } from './app.ts'

const SCAN_SCRIPT = fileURLToPath(new URL('../../runtimes/table-scan/scan.js', import.meta.url))
const TOKEN = 'mw_test-token-of-more-than-32-characters'
const TINY = fileURLToPath(new URL('../../test/fixtures/tiny', import.meta.url))
const COMMIT = 'c'.repeat(40)
const ARTIFACT = `sha256:${'a'.repeat(64)}`
const IMAGE = `sha256:${'1'.repeat(64)}`

let database: FreshDatabase
let folder: string
let context: ServerContext
let o: Orchestration
const started: string[] = []
const listeners = new Set<(run: string) => void>()

beforeAll(async () => {
  database = await freshDatabase()
  folder = await mkdtemp(join(tmpdir(), 'millwright-server-'))
  o = orchestration()
  context = {
    ...{ o, token: TOKEN, version: '1.2.3', tracking: async () => 'http://127.0.0.1:5000' },
    engine: { start: async run => void started.push(run), wake: async () => {} },
    explainStep: async (job, step) => explainStep(join(folder, job), step, { ofStep: async () => [] }),
    cancelJob: async job => requestCancel(database.db, job, new Date()),
    ml: {
      catalog: localMlCatalog({
        db: database.db,
        pipelines: join(folder, 'pipelines'),
        components: join(folder, 'components'),
      }),
      components: localComponentRegistry(join(folder, 'components')),
      startJob: async (job, attempt) => void started.push(`${job}/${attempt}`),
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
})

afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

/** What the routes need of the orchestrator: everything real but the workflow engine. */
function orchestration(): Orchestration {
  const { db } = database
  const ports = {
    clock: systemClock(),
    datasets: localDatasetStore({ db, directory: join(folder, 'datasets'), scanScript: SCAN_SCRIPT }),
    models: localModelRegistry({ db, directory: join(folder, 'models') }),
  } as Orchestration['ports']
  return {
    ...{ db, ports, runs: join(folder, 'runs'), worker: 'test', active: new Map(), executing: { count: 0 } },
    codeHost: localCodeHost({ directory: join(folder, 'repositories'), gitEnv: { PATH: process.env.PATH! } }),
    openTree: async root => folderTree(root),
    notifier: { runEnded: async () => {} },
    takeAgent: async () => () => {},
    stopping: new AbortController().signal,
    mirror: () => {},
    changed: run => {
      for (const listener of listeners) listener(run)
    },
  }
}

function request(path: string, init: RequestInit & { host?: string } = {}): Promise<Response> {
  const { host = '127.0.0.1:4400', ...rest } = init
  const headers = { authorization: `Bearer ${TOKEN}`, ...rest.headers }
  return Promise.resolve(createApp(context).request(`http://${host}${path}`, { ...rest, headers }))
}

async function get(path: string): Promise<unknown> {
  const response = await request(path)
  expect(response.status, path).toBe(200)
  return response.json()
}

function post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Response> {
  const type = { 'content-type': 'application/json', ...headers }
  return request(path, { method: 'POST', body: JSON.stringify(body), headers: type })
}

async function refused(
  response: Promise<Response>,
): Promise<{ status: number; code: string; message: string }> {
  const answer = await response
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  return { status: answer.status, ...error }
}

describe('who may ask', () => {
  test('anybody whether the server answers', async () => {
    const response = await request('/healthz', { headers: { authorization: '' } })
    expect(await response.json()).toEqual({ status: 'ok' })
  })

  test.each(['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])(
    "nothing else with '%s'",
    async authorization => {
      for (const path of ['/api/status', '/api/openapi.json', '/api/nonsense']) {
        const answer = await refused(request(path, { headers: { authorization } }))
        expect(answer).toMatchObject({ status: 401, code: 'unauthorized' })
      }
    },
  )

  test.each(['localhost', 'localhost:4400', '127.0.0.1', '[::1]:4400'])('%s is this machine', async host => {
    expect((await request('/api/status', { host })).status).toBe(200)
  })

  test.each(['evil.example', 'localhost.evil.example:4400', '127.0.0.1.nip.io', '10.0.0.1'])(
    '%s is not, whatever its page sends',
    async host => {
      expect(await refused(request('/api/status', { host }))).toMatchObject({
        status: 421,
        code: 'misdirected',
      })
      expect(await refused(request('/healthz', { host }))).toMatchObject({ status: 421 })
    },
  )

  test('the Host header of a real connection counts', async () => {
    const server = serve({ fetch: createApp(context).fetch, hostname: '127.0.0.1', port: 0 })
    await new Promise(ready => server.once('listening', ready))
    const { port } = server.address() as { port: number }
    const status = (host: string) =>
      new Promise(answered => {
        const asked = httpRequest({ port, path: '/healthz', headers: { host } }, answer => {
          answer.resume()
          answered(answer.statusCode)
        })
        asked.end()
      })
    expect([await status(`localhost:${port}`), await status('evil.example')]).toEqual([200, 421])
    server.close()
  })
})

describe('what is refused', () => {
  test('an unknown route', async () => {
    expect(await refused(request('/api/nonsense'))).toMatchObject({ status: 404, code: 'no-such-route' })
  })

  test('a body that is not JSON', async () => {
    const form = { method: 'POST', body: 'a=b', headers: { 'content-type': 'text/plain' } }
    expect(await refused(request('/api/runs', form))).toMatchObject({ status: 415, code: 'not-json' })
    const broken = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }
    expect(await refused(request('/api/runs', broken))).toMatchObject({ status: 400 })
  })

  test('a body of more than 1 MiB', async () => {
    const body = { name: 'x', path: `/${'x'.repeat(2 ** 20)}` }
    expect(await refused(post('/api/datasets', body))).toMatchObject({ status: 413, code: 'body-too-large' })
  })

  test.each([
    ['/api/runs', { pipeline: 'cx', modelType: 'm' }, 'pipeline'],
    ['/api/runs', { pipeline: 'cd' }, 'modelType'],
    ['/api/runs', { pipeline: 'cd', modelType: 'm', commit: 'HEAD' }, 'commit'],
    ['/api/runs', { pipeline: 'cd', modelType: 'm', comit: COMMIT }, 'comit'],
    ['/api/datasets', { name: 'x', path: 'relative' }, 'absolute'],
    ['/api/datasets', { name: '../x', path: TINY }, 'name'],
    ['/api/repositories', { source: TINY, name: '$(touch x)' }, 'name'],
  ])('%s with %j', async (path, body, word) => {
    const { status, message } = await refused(post(path, body))
    expect(status).toBe(400)
    expect(message).toContain(word)
  })

  test.each([
    '/api/runs/nope',
    '/api/runs/999',
    '/api/runs/nope/stages/unit-tests/log',
    '/api/runs/nope/events',
    '/api/pull-requests/7',
    '/api/datasets/nope',
    '/api/models/nope',
    '/api/models/nope/versions',
    '/api/models/nope/history',
    '/api/model-types/nope',
    '/api/ml/jobs/nope',
    '/api/images/nope:latest',
    `/api/images/${'0'.repeat(12)}`,
    '/api/explain/run/nope',
    '/api/explain/model/nope:1',
    '/api/explain/image/nope:latest',
    '/api/plan?base=main&head=main&repository=nope',
  ])('%s, which is not there', async path => {
    const { status, code } = await refused(request(path))
    expect(status).toBe(404)
    expect(code).toMatch(/^no-|^unknown-|-not-found$/)
  })

  test('a fault of ours, without its stack', async () => {
    const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const broken = { ...context, o: { ...o, db: undefined as unknown as Orchestration['db'] } }
    const headers = { authorization: `Bearer ${TOKEN}` }
    const response = await createApp(broken).request('http://127.0.0.1/api/runs', { headers })
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({
      error: { code: 'internal', message: 'the server failed; its log says why' },
    })
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/^GET \/api\/runs: TypeError/))
    log.mockRestore()
  })
})

describe('an empty server', () => {
  test.each([
    '/api/runs',
    '/api/repositories',
    '/api/model-types',
    '/api/pull-requests',
    '/api/datasets',
    '/api/models',
    '/api/ml/jobs',
    '/api/images',
  ])('has nothing in %s', async path => expect(await get(path)).toEqual([]))

  test('has a status', async () => {
    expect(await get('/api/status')).toEqual({
      ...{ version: '1.2.3', database: 'ok', workers: [] },
      runs: { queued: 0, running: 0, waiting: 0 },
      mlJobs: { queued: 0, running: 0 },
      tracking: { uri: 'http://127.0.0.1:5000' },
    })
  })

  test('describes all its routes', async () => {
    const { paths, security } = (await get('/api/openapi.json')) as { paths: object; security: unknown }
    expect(security).toEqual([{ token: [] }])
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/runs/{id}/stages/{stage}/log', '/api/explain/image/{id}', '/api/events']),
    )
  })
})

describe('a small server', () => {
  beforeAll(async () => {
    await writeFile(join(folder, 'rows.csv'), 'x,target\n1,0\n2,1\n')
    await post('/api/datasets', { name: 'numbers', path: join(folder, 'rows.csv') })
    await importTiny()
    await recordStory()
  })

  test('registers the same content once', async () => {
    const body = { name: 'numbers', path: join(folder, 'rows.csv') }
    expect(await (await post('/api/datasets', body)).json()).toMatchObject({ version: 1, rows: 2 })
    expect(await get('/api/datasets/numbers?version=1')).toMatchObject({ columns: ['x', 'target'] })
    expect(await get('/api/datasets')).toHaveLength(1)
  })

  test('tells what a dataset was used for, and which job made it', async () => {
    await recordUses(database.db, 'story-1002', [{ input: 'raw', name: 'numbers', version: 1 }])
    const path = join(folder, 'made.csv')
    await writeFile(path, 'y\n1\n')
    const asset = { output: 'prepare.data', name: 'made', version: 4, path }
    const done = { job: 'story-1002', status: 'completed', outputs: {}, error: null } as const
    const report = { ...done, steps: [], tracking: null, datasets: {} }
    for (const _ of ['once', 'after a crash'])
      expect(await registerData(o.ports.datasets, { ...report, assets: [asset] })).toBe(null)
    const clash = { ...asset, output: 'other.data', name: 'numbers', version: 1 }
    expect(await registerData(o.ports.datasets, { ...report, assets: [clash] })).toMatch(
      /numbers:1 is there already, with other content/,
    )
    expect(await get('/api/datasets/numbers')).toMatchObject({
      usedBy: {
        jobs: [{ job: 'story-1002', input: 'raw', status: 'completed' }],
        models: [{ name: 'story', version: 1 }],
      },
      madeBy: null,
      profile: { columns: [{ name: 'x', type: 'integer', min: 1, max: 2 }, { name: 'target' }] },
    })
    expect(await get('/api/datasets/made')).toMatchObject({
      ...{ version: 4, usedBy: { jobs: [], models: [] } },
      madeBy: { job: 'story-1002', output: 'prepare.data' },
    })
    expect(await get('/api/ml/jobs/story-1002')).toMatchObject({ registered: { 'prepare.data': 'made:4' } })
  })

  test('shows repositories and their model types', async () => {
    expect(await get('/api/repositories')).toEqual([
      { name: 'tiny', url: join(folder, 'repositories', 'tiny.git') },
    ])
    expect(await get('/api/model-types')).toMatchObject([
      { name: 'alpha', repository: 'tiny', folder: 'mlops/alpha', problem: null },
      { name: 'beta', declaration: { compare: { metric: 'accuracy' } } },
    ])
    expect(await get('/api/model-types/alpha')).toMatchObject({ name: 'alpha', branch: 'main' })
  })

  test('says what a change touches', async () => {
    const plan = (await get('/api/plan?base=main&head=topic')) as { modelType: string }[]
    expect(plan).toMatchObject([
      {
        modelType: 'alpha',
        affected: true,
        pipelines: ['pr', 'ci', 'cd'],
        reasons: [{ path: 'mlops/alpha/train/train.py', because: 'in mlops/alpha/' }],
      },
      { modelType: 'beta', affected: false, pipelines: [], reasons: [] },
    ])
  })

  test('lists and filters runs', async () => {
    const ids = async (query: string) =>
      ((await get(`/api/runs${query}`)) as { id: string }[]).map(run => run.id)
    expect(await ids('?modelType=story')).toEqual(['cd-1002', 'ci-1001'])
    expect(await ids('?modelType=story&pipeline=ci')).toEqual(['ci-1001'])
    expect(await ids('?status=failed')).toEqual([])
    expect(await ids(`?commit=${COMMIT}&limit=1`)).toEqual(['cd-1002'])
    expect(await refused(request('/api/runs?status=done'))).toMatchObject({ status: 400 })
  })

  test('shows a run by id and by build id', async () => {
    const run = await get('/api/runs/cd-1002')
    expect(run).toMatchObject({ id: 'cd-1002', buildId: 1002, outcome: 'promoted', status: 'succeeded' })
    expect(await get('/api/runs/1002')).toEqual(run)
  })

  test('gives the bytes of a log from an offset on', async () => {
    const log = async (query = '') =>
      (await request(`/api/runs/ci-1001/stages/unit-tests/log${query}`)).text()
    expect(await log()).toBe('3 passed\n')
    expect(await log('?offset=2')).toBe('passed\n')
    expect(await log('?offset=900')).toBe('')
    const other = '/api/runs/ci-1001/stages/..%2F..%2F..%2Ftoken/log'
    expect(await refused(request(other))).toMatchObject({ status: 404, code: 'no-such-stage' })
  })

  test('starts a run once per idempotency key', async () => {
    const body = { pipeline: 'ci', modelType: 'alpha', repository: 'tiny' }
    const first = await (await post('/api/runs', body, { 'idempotency-key': 'k1' })).json()
    const second = await (await post('/api/runs', body, { 'idempotency-key': 'k1' })).json()
    expect(second).toEqual(first)
    expect(started).toContain((first as { id: string }).id)
    expect(first).toMatchObject({
      trigger: 'manual',
      modelType: 'alpha',
      environment: 'dev',
      status: 'queued',
    })
  })

  test('refuses to retry and to cancel what has succeeded', async () => {
    const retried = await refused(post('/api/runs/ci-1001/retry'))
    expect(retried).toMatchObject({ status: 409, code: 'run-not-retryable' })
    const cancelled = await refused(post('/api/runs/1001/cancel'))
    expect(cancelled).toMatchObject({ status: 409, code: 'run-has-ended' })
  })

  test('shows ML jobs, and cancels them', async () => {
    expect(await get('/api/ml/jobs/story-1002')).toMatchObject({
      ...{ job: 'story-1002', status: 'completed', run: 'cd-1002', metrics: { f1: 0.5 } },
      ...{ model: { name: 'story', version: 1 }, steps: [] },
    })
    await recordJob(database.db, 'running', { ...SUBMISSION, job: 'running' })
    expect(await (await post('/api/ml/jobs/running/cancel')).json()).toMatchObject({ status: 'cancelled' })
    expect(await get('/api/ml/jobs')).toHaveLength(2)
    expect(await (await post('/api/ml/jobs/running/cancel')).json()).toMatchObject({ status: 'cancelled' })
    const late = await refused(post('/api/ml/jobs/story-1002/cancel'))
    expect(late).toMatchObject({ status: 409, code: 'job-has-ended' })
  })

  test('lists ML jobs by status, model and pipeline, page by page', async () => {
    const names = async (query: string) =>
      ((await get(`/api/ml/jobs${query}`)) as { job: string }[]).map(({ job }) => job)
    expect(await names('')).toEqual(['running', 'story-1002'])
    expect(await names('?status=completed')).toEqual(['story-1002'])
    expect(await names('?modelType=story&limit=1')).toEqual(['running'])
    expect(await names('?modelType=story&limit=1&before=running')).toEqual(['story-1002'])
    expect(await names('?pipeline=other')).toEqual([])
    expect(await refused(request('/api/ml/jobs?before=runing'))).toMatchObject({ code: 'no-such-job' })
    expect(await refused(request('/api/ml/jobs?status=done'))).toMatchObject({ status: 400 })
  })

  test('says which job or step was meant', async () => {
    const answer = async (path: string) =>
      ((await (await request(path)).json()) as { error: { code: string; hint: string } }).error
    expect(await answer('/api/ml/jobs/story-1020')).toMatchObject({
      ...{ code: 'no-such-job', hint: "did you mean 'story-1002'?" },
    })
    await step('completed')
    expect(await answer('/api/ml/jobs/story-1002/steps/outer.trian/log')).toMatchObject({
      ...{ code: 'no-such-step', hint: "did you mean 'outer.train'?" },
    })
    expect(await answer('/api/ml/jobs/nope/steps/x/log')).toMatchObject({ code: 'no-such-job' })
  })

  test("gives a step's log from an offset on, or its end, and follows it until the step has ended", async () => {
    const log = join(folder, 'step.log')
    await writeFile(log, 'one\ntwo\n')
    const path = '/api/ml/jobs/open/steps/outer.train/log'
    await recordJob(database.db, 'open', { ...SUBMISSION, job: 'open' })
    await step('running', { job: 'open', log })
    expect(await (await request(path)).text()).toBe('one\ntwo\n')
    expect(await (await request(`${path}?offset=4`)).text()).toBe('two\n')
    expect(await (await request(`${path}?tail=3`)).text()).toBe('wo\n')
    const reader = (await request(`${path}?follow=true`)).body!.getReader()
    const next = async () => Buffer.from((await reader.read()).value ?? []).toString()
    expect(await next()).toBe('one\ntwo\n')
    await appendFile(log, 'three\n')
    expect(await next()).toBe('three\n')
    await appendFile(log, 'four\n')
    await step('completed', { job: 'open', log })
    expect(await next()).toBe('four\n')
    expect((await reader.read()).done).toBe(true)
    await step('pending', { job: 'open', log: '' })
    expect(await (await request(path)).text()).toBe('')
  })

  test('retries what was cancelled, once per idempotency key, and shows the attempts', async () => {
    const retry = (key: string) => post('/api/ml/jobs/running/retry', {}, { 'idempotency-key': key })
    const first = await (await retry('a')).json()
    expect(first).toMatchObject({
      ...{ status: 'queued', endedAt: null },
      attempts: [
        { number: 1, status: 'cancelled' },
        { number: 2, status: 'queued' },
      ],
    })
    expect(await (await retry('a')).json()).toEqual(first)
    expect(started.filter(job => job.startsWith('running/'))).toEqual(['running/2', 'running/2'])
    expect(await refused(retry('b'))).toMatchObject({ status: 409, code: 'job-not-retryable' })
    await post('/api/ml/jobs/running/cancel')
    expect(await (await retry('b')).json()).toMatchObject({ attempts: [{}, {}, { number: 3 }] })
    expect(await (await retry('a')).json()).toMatchObject({ attempts: [{}, {}, { number: 3 }] })
    expect(await refused(post('/api/ml/jobs/story-1002/retry'))).toMatchObject({ status: 409 })
  })

  test('shows models, their versions and how best has moved', async () => {
    expect(await get('/api/models/story')).toMatchObject({
      ...{ name: 'story', version: 1, properties: { commit: COMMIT } },
      environments: [{ environment: 'dev', best: 1, revision: 1, by: 'cd run 1002' }],
      versions: [{ version: 1 }],
    })
    expect(await get('/api/models')).toHaveLength(1)
    expect(await get('/api/models/story/versions')).toHaveLength(1)
    expect(await get('/api/models/story/history')).toMatchObject([
      { from: null, version: 1, reason: 'first' },
    ])
    expect(await refused(request('/api/models/story?version=9'))).toMatchObject({ status: 404 })
  })

  test.each([IMAGE, IMAGE.slice(7, 19), IMAGE.slice(0, 30), 'story:dev', `story:${COMMIT}-1002`])(
    'finds the image %s',
    async reference => {
      expect(await get(`/api/images/${encodeURIComponent(reference)}`)).toMatchObject({
        ...{ digest: IMAGE, modelType: 'story', modelVersion: 1, buildId: 1002, attestations: [] },
        tags: [COMMIT, `${COMMIT}-1002`, 'dev'].sort(),
      })
    },
  )

  test('explains an image down to its commit', async () => {
    expect(await get('/api/explain/image/story:dev')).toMatchObject({
      image: { digest: IMAGE },
      modelVersion: { name: 'story', version: 1 },
      mlJob: { job: 'story-1002' },
      datasets: [{ name: 'numbers', version: 1, rows: 2 }],
      artifact: { digest: ARTIFACT, files: [{ path: 'mlops/story/model.yml' }] },
      ciRun: { id: 'ci-1001' },
      cdRun: { id: 'cd-1002' },
      commit: { id: COMMIT, repository: 'tiny', branch: 'main', committedAt: '2026-01-01T00:00:00Z' },
      comparison: { verdict: 'promote', reason: 'no_incumbent' },
    })
  })

  test('explains a model version and a run', async () => {
    expect(await get('/api/explain/model/story:1')).toMatchObject({
      ...{ bestIn: [{ environment: 'dev' }], promotions: [{ version: 1 }], images: [{ digest: IMAGE }] },
    })
    expect(await get('/api/explain/run/ci-1001')).toMatchObject({
      trigger: {
        kind: 'merge',
        delivery: { id: 'push-1', ref: 'refs/heads/main' },
        because: [{ path: 'mlops/story/train.py', because: 'in mlops/story/' }],
      },
      ...{ parents: [], children: [{ id: 'cd-1002' }], artifact: { digest: ARTIFACT }, image: null },
    })
    expect(await get('/api/explain/run/cd-1002')).toMatchObject({
      ...{ parents: [{ id: 'ci-1001' }], modelVersion: { version: 1 }, image: { digest: IMAGE } },
    })
  })

  test('sends a run after every change, until it has ended', async () => {
    const { run } = await recordRun(database.db, spec('ci', 'events'), PIPELINES.ci.stages)
    const response = await request(`/api/runs/${run.id}/events`)
    const all = events(response)
    expect(await all.next()).toMatchObject({ value: { id: run.id, status: 'queued' } })
    await updateRun(database.db, run.id, { status: 'running' })
    o.changed(run.id)
    expect(await all.next()).toMatchObject({ value: { status: 'running' } })
    await updateRun(database.db, run.id, { status: 'succeeded', ended_at: new Date() })
    o.changed(run.id)
    expect(await all.next()).toMatchObject({ value: { status: 'succeeded' } })
    expect(await all.next()).toMatchObject({ done: true })
    expect(listeners.size).toBe(0)
  })

  test('sends all runs that begin or change, and none twice', async () => {
    const { run: before } = await recordRun(database.db, spec('ci', 'open'), PIPELINES.ci.stages)
    const all = events(await request('/api/events'))
    const seen = new Set<string>()
    while (!seen.has(before.id)) seen.add((await all.next()).value!.id)
    expect(seen).not.toContain('ci-1001')
    const { run } = await recordRun(database.db, spec('ci', 'quick'), PIPELINES.ci.stages)
    await updateRun(database.db, run.id, { status: 'failed', ended_at: new Date() })
    o.changed(run.id)
    expect(await all.next()).toMatchObject({ value: { id: run.id, status: 'failed' } })
    await all.return(undefined)
    await expect.poll(() => listeners.size).toBe(0)
  })
})

const SUBMISSION = {
  ...{ job: 'story-1002', pipeline: { name: 'story', digest: 'sha256:0' }, inputs: {}, notify: 'cd-1002' },
  register: { model: 'story', output: 'm', properties: {}, tags: {} },
}

/** Repository `tiny` with branches `main` and `topic`, which changes alpha only. */
async function importTiny(): Promise<void> {
  const work = join(folder, 'tiny')
  const git = (...words: string[]) => execFileSync('git', words, { cwd: work, env: GIT_ENV })
  await cp(TINY, work, { recursive: true })
  git('init', '-q', '-b', 'main')
  git('add', 'mlops')
  git('commit', '-qm', 'tiny')
  const { url } = await o.codeHost.create('tiny', work)
  await database.db.insertInto('repositories').values({ name: 'tiny', source: work }).execute()
  await appendFile(join(work, 'mlops/alpha/train/train.py'), '# more\n')
  git('commit', '-qam', 'more')
  git('push', '-q', url, 'HEAD:refs/heads/topic')
}

const GIT_ENV = {
  ...{ PATH: process.env.PATH!, GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@test.invalid' },
  ...{ GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@test.invalid' },
}

function spec(pipeline: 'ci' | 'cd', key: string) {
  return {
    ...{ pipeline, key, repository: 'tiny', model_type: 'story', trigger: 'merge', reason: null },
    ...{ commit: COMMIT, branch: 'main', environment: 'dev', dataset: null, input: {} },
  }
}

/** Push → CI run 1001 → artifact → CD run 1002 → job → model version 1, best in dev → image. */
async function recordStory(): Promise<void> {
  const { db } = database
  await db.executeQuery({
    sql: "select setval('millwright.runs_build_id_seq', 1000)",
    parameters: [],
  } as never)
  const input = { committedAt: '2026-01-01T00:00:00Z' }
  const ci = (await recordRun(db, { ...spec('ci', 'story-ci'), input }, PIPELINES.ci.stages)).run.id
  const cdSpec = { ...spec('cd', 'story-cd'), trigger: 'ci-completed', input: { ...input, ciRun: ci } }
  const cd = (await recordRun(db, cdSpec, PIPELINES.cd.stages)).run.id
  const at = new Date()
  await startStage(db, ci, 'unit-tests', at, 'running')
  await endStage(db, ci, 'unit-tests', { status: 'succeeded', at, summary: 'ok', detail: null, error: null })
  await mkdir(join(runFolders(o, ci).folder, 'logs'), { recursive: true })
  await writeFile(runFolders(o, ci).log('unit-tests'), '3 passed\n')
  await recordTrigger(ci)
  await db.insertInto('artifacts').values(artifact(ci)).execute()
  await recordModel()
  await recordPush(cd)
  await updateRun(db, ci, { status: 'succeeded', ended_at: at })
  await updateRun(db, cd, { status: 'succeeded', outcome: 'promoted', ended_at: at })
}

async function recordTrigger(run: string): Promise<void> {
  const payload = { repository: 'tiny', ref: 'refs/heads/main', before: null, after: COMMIT }
  const because = [{ path: 'mlops/story/train.py', because: 'in mlops/story/' }]
  const { db } = database
  await db
    .insertInto('deliveries')
    .values({ id: 'push-1', kind: 'push', payload: JSON.stringify(payload) })
    .execute()
  const decision = { kind: 'merge', model_type: 'story', pipeline: 'ci', decision: 'started' as const }
  await db
    .insertInto('triggers')
    .values({ delivery: 'push-1', ...decision, because: JSON.stringify(because), run })
    .execute()
}

function artifact(run: string) {
  const files = [{ path: 'mlops/story/model.yml', bytes: 3, digest: 'sha256:1' }]
  const manifest = JSON.stringify({ modelType: 'story', commit: COMMIT, files })
  return { digest: ARTIFACT, run, model_type: 'story', commit: COMMIT, bytes: 3, manifest }
}

async function recordModel(): Promise<void> {
  const { datasets, models } = o.ports
  const model = join(folder, 'model')
  await mkdir(model)
  await writeFile(join(model, 'weights.json'), '[1]')
  const data = await datasets.find({ name: 'numbers', version: 1 })
  const dataset = `numbers:1:${data.digest}`
  const properties = { commit: COMMIT, ml_job: 'story-1002', dataset }
  const version = await models.register({
    name: 'story',
    job: 'story-1002',
    folder: model,
    properties,
    tags: {},
  })
  await recordJob(database.db, 'story-1002', SUBMISSION)
  const report = { outputs: {}, tracking: null, metrics: { f1: 0.5 }, model: version }
  const end = { status: 'completed', message: 'completed', ended_at: new Date(), report } as const
  await endJob(database.db, { name: 'story-1002', attempt: 1 }, end)
  const move = { model: 'story', environment: 'dev', version: 1, expectedRevision: 0 }
  await models.champions.promote({ ...move, by: 'cd run 1002', reason: 'first', evidence: {} })
}

async function step(status: string, { job = 'story-1002', log = '' } = {}): Promise<void> {
  const name = 'outer.train'
  const report = { name, status, reused: false, reusedFrom: null, exitCode: null, error: null }
  const times = { startedAt: null, endedAt: null, outputs: {}, log }
  await recordSteps(database.db, job, [{ name, position: 0, report: { ...report, ...times } }])
}

async function recordPush(run: string): Promise<void> {
  const { db } = database
  const evidence = { verdict: 'promote', reason: 'no_incumbent', explanation: 'no version is best yet' }
  const judged = {
    run,
    model: 'story',
    environment: 'dev',
    challenger: 1,
    champion: null,
    verdict: 'promote',
  }
  await db
    .insertInto('comparisons')
    .values({ ...judged, evidence: JSON.stringify(evidence) })
    .execute()
  const image = { digest: IMAGE, repository: 'story', model_type: 'story', model_version: 1, commit: COMMIT }
  const validation = JSON.stringify({ engine: 'process', levels: [] })
  await db
    .insertInto('images')
    .values({ ...image, build_id: 1002, run, artifact: ARTIFACT, size: 9, validation })
    .execute()
  for (const tag of ['dev', COMMIT, `${COMMIT}-1002`]) {
    await db.insertInto('image_tags').values({ repository: 'story', tag, digest: IMAGE }).execute()
  }
}

/** The run documents that an event stream sends. */
async function* events(response: Response): AsyncGenerator<{ id: string; status: string }> {
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data !== undefined) yield JSON.parse(data)
    }
  }
}
