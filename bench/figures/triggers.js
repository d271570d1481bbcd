import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, temporaryHome } from '../home.js'
import { quantile, until } from '../measure.js'
import { importTiny } from '../repository.js'

const TRIGGERS = 20

/** From a trigger to its first stage, each when the server has nothing else to do; the run is cancelled then. */
export async function triggers() {
  const home = temporaryHome()
  try {
    const server = await home.start()
    const repository = importTiny(home)
    await until(() => allEnded(server, 'cd'), 'the first CD run')
    const floor = { name: 'an answer of the API', values: await apiTimes(server) }
    return [
      row('POST /api/runs (sent)', await measured(server, () => byHand(server)), floor),
      row('git push (accepted)', await measured(server, round => byPush(repository, round)), floor),
    ]
  } finally {
    await home.remove()
  }
}

function row(trigger, values, floor) {
  const figure = `${trigger} → first stage started`
  return { figure, values, unit: 'ms', pick: p95, what: '95th percentile', goal: 300, floor }
}

function p95(values) {
  return quantile(values, 0.95)
}

/** `trigger` returns when it was given, in milliseconds since 1970. */
async function measured(server, trigger) {
  const times = []
  for (let round = 0; round < TRIGGERS; round++) {
    await until(() => allEnded(server), 'the end of all runs')
    const before = await newest(server)
    const given = await trigger(round)
    const run = await until(async () => {
      const found = await newest(server)
      return found.id !== before.id && found.stages.some(stage => stage.startedAt) && found
    }, 'the first stage')
    times.push(Math.min(...run.stages.flatMap(stage => Date.parse(stage.startedAt) || [])) - given)
    await server.call('POST', `/api/runs/${run.id}/cancel`).catch(() => {}) // it may have ended by now
  }
  return times
}

async function byHand(server) {
  const given = Date.now()
  const key = { 'idempotency-key': randomUUID() }
  await server.call('POST', '/api/runs', { pipeline: 'ci', modelType: 'alpha', reason: 'bench' }, key)
  return given
}

/** The push is accepted when git has said so; git's own time before that isn't ours. */
function byPush(repository, round) {
  const model = readFileSync(join(ROOT, 'test/fixtures/tiny/mlops/alpha/model.yml'), 'utf8')
  repository.push('mlops/alpha/model.yml', `${model}# ${round}\n`)
  return Date.now()
}

async function newest(server) {
  const [run] = await server.call('GET', '/api/runs?pipeline=ci&limit=1')
  return run
}

async function allEnded(server, pipeline) {
  const runs = await server.call('GET', '/api/runs')
  const wanted = runs.filter(run => pipeline === undefined || run.pipeline === pipeline)
  return wanted.length > 0 && runs.every(run => run.endedAt)
}

async function apiTimes(server) {
  const times = []
  for (let round = 0; round < TRIGGERS; round++) {
    const started = performance.now()
    await server.call('GET', '/api/runs?limit=1')
    times.push(performance.now() - started)
  }
  return times
}
