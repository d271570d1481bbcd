import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { graph } from '../graphs.js'
import { temporaryHome } from '../home.js'
import { median, timed, until } from '../measure.js'

const STEPS = 1000
const JOBS = 50
const SHAPES = ['chain', 'fan-out', 'lattice']

/**
 * Jobs of 1,000 no-op steps in a server with two agents, then fifty small jobs at once. A step's cost is the job's time
 * over its steps, times the agents that it can use; the floor is the process alone. Memory is the server's peak.
 */
export async function load() {
  const home = temporaryHome()
  try {
    const server = await home.start(['--agents', '2'])
    await until(() => existsSync(join(home.path, 'worker.json')), 'MLflow')
    const rows = []
    for (const shape of SHAPES) rows.push(...(await bigJob(home, server, shape)))
    rows.push(await manyJobs(home, server))
    rows.push({ figure: 'peak memory of that server', values: [peakMemory(server)], unit: 'MiB', goal: 512 })
    return rows
  } finally {
    await home.remove()
  }
}

async function bigJob(home, server, shape) {
  const file = join(home.path, `${shape}.yml`)
  writeFileSync(file, graph(shape, { steps: STEPS }))
  const floor = Array.from({ length: 50 }, () => timed(['bash', '-c', 'true'], home))
  await sleep(200) // connections that the server has closed meanwhile are noticed
  await server.call('POST', '/api/ml/jobs', { job: shape, file })
  await ended(server, job => job.job === shape)
  const { steps } = await server.call('GET', `/api/ml/jobs/${shape}`)
  const ends = steps.map(step => Date.parse(step.endedAt)).sort((a, b) => a - b)
  const agents = shape === 'chain' ? 1 : 2
  const cost = (from, to) => (agents * (ends[to - 1] - ends[from])) / (to - from - 1) - median(floor)
  return [
    {
      figure: `a step of a ${shape} of ${STEPS.toLocaleString('en')} no-op steps, beyond its process`,
      values: [cost(0, STEPS)],
      unit: 'ms',
      goal: 30,
      floor: { name: 'the process: `bash -c true`', values: floor },
    },
    {
      figure: `the last 200 of them`,
      values: [cost(STEPS - 200, STEPS)],
      unit: 'ms',
      floor: { name: 'the first 200', values: [cost(0, 200)] },
    },
  ]
}

/** From the first submission until all have ended, beside the bare processes one after another. */
async function manyJobs(home, server) {
  const file = join(home.path, 'small.yml')
  writeFileSync(file, graph('chain', { steps: 5 }))
  await server.call('POST', '/api/ml/pipelines', { file })
  const names = Array.from({ length: JOBS }, (_, index) => `small-${index}`)
  const started = performance.now()
  await Promise.all(names.map(job => server.call('POST', '/api/ml/jobs', { job, pipeline: 'small' })))
  const jobs = await ended(server, job => names.includes(job.job), JOBS)
  const elapsed = performance.now() - started
  const lost = jobs.filter(job => job.status !== 'completed').length
  if (lost > 0) throw new Error(`${lost} of ${JOBS} jobs did not complete`)
  const floor = Array.from({ length: 50 }, () => timed(['bash', '-c', 'true'], home))
  return {
    figure: `${JOBS} jobs of 5 no-op steps at once on 2 agents`,
    values: [elapsed / 1000],
    unit: 's',
    floor: { name: 'their processes', values: [(median(floor) * JOBS * 5) / 2 / 1000] },
  }
}

function ended(server, isOurs, count = 1) {
  return until(
    async () => {
      const jobs = (await server.call('GET', '/api/ml/jobs?limit=100')).filter(isOurs)
      return jobs.length === count && jobs.every(job => job.endedAt) ? jobs : undefined
    },
    'the jobs',
    { seconds: 600, every: 500 },
  )
}

function peakMemory({ pid }) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}
