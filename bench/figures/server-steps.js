import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, temporaryHome } from '../home.js'
import { median, timed, until } from '../measure.js'
import { importTiny } from '../repository.js'

const STEPS = 50
const JOBS = 3

/**
 * A durable ML job of no-op steps in the server, beside its MLflow. A step's cost is the time between its end and the
 * end of the step before; the floor is the process alone.
 */
export async function serverSteps() {
  const home = temporaryHome()
  try {
    const server = await home.start()
    await until(() => existsSync(join(home.path, 'worker.json')), 'MLflow')
    const repository = importTiny(home, {
      'mlops/alpha/noop.yml': COMPONENT,
      'mlops/alpha/pipeline.yml': readFileSync(join(ROOT, PIPELINE), 'utf8') + chain(),
    })
    const model = readFileSync(join(ROOT, 'test/fixtures/tiny/mlops/alpha/model.yml'), 'utf8')
    const costs = []
    const floor = []
    for (let round = 0; round < JOBS; round++) {
      if (round > 0) repository.push('mlops/alpha/model.yml', `${model}# ${round}\n`)
      costs.push(...stepCosts(await jobOfRun(server, round)))
      floor.push(...Array.from({ length: STEPS }, () => timed(['bash', '-c', 'true'], home)))
    }
    const own = costs.map(cost => cost - median(floor))
    const figure = 'a no-op step of a durable ML job in the server, beyond its process'
    return [
      {
        figure,
        values: own,
        unit: 'ms',
        goal: 25,
        floor: { name: 'the process: `bash -c true`', values: floor },
      },
    ]
  } finally {
    await home.remove()
  }
}

/** The ML job of the newest CD run, when it and everything before has ended. */
async function jobOfRun(server, round) {
  await until(
    async () => {
      const runs = await server.call('GET', '/api/runs?pipeline=cd')
      return runs.length > round && runs.every(run => run.endedAt)
    },
    'the CD run',
    { every: 1000 },
  )
  const jobs = await server.call('GET', '/api/ml/jobs')
  return server.call('GET', `/api/ml/jobs/${jobs[0].job}`)
}

/** Milliseconds from one no-op step's end to the next one's. */
function stepCosts({ steps }) {
  const ends = steps.filter(step => step.name.startsWith('noop')).map(step => Date.parse(step.endedAt))
  ends.sort((a, b) => a - b)
  return ends.slice(1).map((end, index) => end - ends[index])
}

const PIPELINE = 'test/fixtures/tiny/mlops/alpha/pipeline.yml'

const COMPONENT = `type: command
name: noop
is_deterministic: false
inputs: { i: { type: uri_folder } }
outputs: { o: { type: uri_folder } }
environment: azureml:plain@latest
command: "true"
`

function chain() {
  const steps = Array.from({ length: STEPS }, (_, index) => {
    const input = index === 0 ? 'golden.outputs.golden' : `noop${index - 1}.outputs.o`
    return `  noop${index}:\n    component: ./noop.yml\n    inputs: { i: "\${{parent.jobs.${input}}}" }\n`
  })
  return steps.join('')
}
