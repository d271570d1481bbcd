import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MlJobDocument, MlJobSummary } from '#server/documents/ml-job.ts'
import { graph } from '../../bench/graphs.js'
import { audit, leftovers } from '../support/auditor.ts'
import { type ServerProcess, type TestHome, testHome } from '../support/millwright.ts'

const STEPS = 60

const TWO_AGENTS = { words: ['up', '--port', '0', '--agents', '2'] }

let home: TestHome
let server: ServerProcess

beforeAll(async () => {
  home = await testHome()
  server = await home.start(TWO_AGENTS)
})
afterAll(() => home?.remove())

test('fifty jobs at once on two agents: none is lost, and small ones end before a big one', async () => {
  const order = join(home.path, 'order')
  const job = (name: string, steps: number) => publish(name, graph('fan-out', { steps, log: order }))
  await job('big', 150)
  await job('small', 2)
  await submit('big', 'big')
  await untilJob('big', found => (found.stepCounts.completed ?? 0) > 0)
  const names = Array.from({ length: 49 }, (_, index) => `small-${index}`)
  await Promise.all(names.map(name => submit('small', name)))

  const summaries = await untilAll(50)
  expect(summaries.map(found => found.status)).toEqual(Array(50).fill('completed'))
  expect(linesOf(order)).toHaveLength(150 + 49 * 2)
  const ends = new Map(summaries.map(found => [found.job, Date.parse(found.endedAt!)]))
  const before = names.filter(name => ends.get(name)! < ends.get('big')!)
  expect(before.length).toBeGreaterThan(5) // first come, first served would give 0 or 1
  expect(await audit(home)).toEqual([])
}, 400_000)

test.each(['chain', 'fan-out', 'lattice'])(
  'a %s of many steps goes on after kill -9 without running a finished step again',
  async shape => {
    const [steps, order] = [STEPS, join(home.path, `order-${shape}`)]
    await publish(shape, graph(shape, { steps, log: order }))
    await submit(shape, shape)
    await untilJob(shape, found => (found.stepCounts.completed ?? 0) > steps / 3)
    await server.kill('SIGKILL')
    expect(leftovers(home, [])).toEqual([])
    const completed = completedSteps(shape)
    const begun = linesOf(order).length
    expect(completed.length).toBeLessThan(steps)

    server = await home.start(TWO_AGENTS)
    const job = await untilJob(shape, found => found.endedAt !== null)
    expect(job).toMatchObject({ status: 'completed', stepCounts: { completed: steps }, error: null })
    const runs = linesOf(order)
    expect(new Set(runs).size).toBe(steps)
    expect(completed.filter(step => runs.filter(run => `s${run}` === step).length !== 1)).toEqual([])
    expect(runs.length).toBe(begun + steps - completed.length)
    expect(await audit(home)).toEqual([])
  },
  400_000,
)

test("a job's journal stays small, however many steps it has", async () => {
  const { databaseUrl } = JSON.parse(readFileSync(join(home.path, 'worker.json'), 'utf8'))
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query(
    "select max(length(output)) as most from dbos.operation_outputs where function_name in ('run steps', 'register model', 'notify')",
  )
  await client.end()
  expect(rows[0].most).toBeGreaterThan(0)
  expect(rows[0].most).toBeLessThan(1024)
})

async function publish(name: string, text: string): Promise<void> {
  const file = join(home.path, `${name}.yml`)
  await writeFile(file, text)
  await home.json('ml', 'pipeline', 'publish', file)
}

/** By HTTP: fifty commands at once would be mostly starts of Node. */
async function submit(pipeline: string, job: string): Promise<void> {
  const response = await call('/api/ml/jobs', { pipeline, job })
  expect(response.status).toBe(200)
}

async function call(path: string, body?: object): Promise<Response> {
  const { url, token } = JSON.parse(readFileSync(join(home.path, 'server.json'), 'utf8'))
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return fetch(`${url}${path}`, { headers, ...init })
}

async function untilAll(count: number): Promise<MlJobSummary[]> {
  for (const deadline = Date.now() + 300_000; ; await sleep(500)) {
    const jobs = (await (await call('/api/ml/jobs?limit=100')).json()) as MlJobSummary[]
    if (jobs.length === count && jobs.every(job => job.endedAt !== null)) return jobs
    if (Date.now() > deadline) throw new Error(`jobs are still open: ${JSON.stringify(jobs)}`)
  }
}

async function untilJob(name: string, reached: (job: MlJobSummary) => boolean): Promise<MlJobSummary> {
  for (const deadline = Date.now() + 300_000; ; await sleep(50)) {
    const job = (await (await call(`/api/ml/jobs/${name}`)).json()) as MlJobDocument
    if (reached(job)) return job
    if (Date.now() > deadline) throw new Error(`the job is still ${job.status}: ${job.message}`)
  }
}

/** Steps that were recorded as completed. */
function completedSteps(job: string): string[] {
  const steps = Array.from({ length: STEPS }, (_, index) => `s${index}`)
  return steps.filter(step => {
    try {
      const file = join(home.path, 'jobs', job, 'steps', step, 'record.json')
      return JSON.parse(readFileSync(file, 'utf8')).report.status === 'completed'
    } catch {
      return false
    }
  })
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').trim().split('\n')
}
