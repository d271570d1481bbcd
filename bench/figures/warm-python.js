import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MILLWRIGHT, ROOT, temporaryHome } from '../home.js'
import { inTurns, timed, until } from '../measure.js'
import { importTiny } from '../repository.js'

/** As the tests and the home's MLflow have it, so that it is built once. */
const ENVIRONMENT = '{ python: ">=3.10", requirements: [mlflow==3.17.2, psycopg2-binary==2.9.13] }'

/** Five steps each: arguments of the script, with `<n` for what step n wrote and `>` for the step's own file. */
const CHAINS = {
  learn: [
    ['prepare', '>'],
    ['train', '<0', '>'],
    ['validate', '<1', '>'],
    ['score', '<1', '<0', '>'],
    ['check', '<3', '>'],
  ],
  import: [
    ['-', '>'],
    ['<0', '>'],
    ['<1', '>'],
    ['<2', '>'],
    ['<3', '>'],
  ],
}

const NAMES = {
  learn: 'five scikit-learn steps',
  import: 'five steps that mostly import pandas, scikit-learn and mlflow',
}

const GOALS = { learn: { alone: 0.45, server: 0.45 }, import: { alone: 0.45, server: 0.15 } }

/** Python steps that start from preloaded interpreters, as shares of the same processes from a plain shell script. */
export async function warmPython({ repeats }) {
  const home = temporaryHome()
  try {
    const python = await pythonOf(home)
    const rows = []
    const server = await serverTimes(home, Math.min(repeats, 3))
    for (const chain of Object.keys(CHAINS)) {
      const times = inTurns(Math.min(repeats, 3), alone(home, chain, python))
      rows.push(...shares(chain, times, server[chain]))
    }
    return rows
  } finally {
    await home.remove()
  }
}

function shares(chain, times, server) {
  const inSeconds = values => values.map(value => value / 1000)
  const floor = { name: 'the same in a shell script', values: inSeconds(times.bare) }
  const row = (how, values, timesFloor) => ({
    figure: `${NAMES[chain]}, ${how}`,
    ...{ values: inSeconds(values), unit: 's', timesFloor, floor },
  })
  return [
    row('`ml run`, `warm: false`', times.cold),
    row('`ml run` alone', times.warm, GOALS[chain].alone),
    row('in a running server', server, GOALS[chain].server),
  ]
}

function alone(home, chain, python) {
  const options = { env: { ...home.env, TMPDIR: home.path }, cwd: home.path }
  const run = warm => {
    const folder = join(home.path, `${chain}-${warm}`)
    mkdirSync(join(folder, 'mlops'), { recursive: true })
    writeFileSync(join(folder, 'mlops/millwright.yml'), settings(warm))
    writeFileSync(join(folder, 'pipeline.yml'), `type: pipeline\njobs:\n${steps(chain, inline).join('')}`)
    return () =>
      timed(
        [
          ...MILLWRIGHT,
          'ml',
          'run',
          '--force',
          join(folder, 'pipeline.yml'),
          '--environments',
          join(folder, 'mlops/millwright.yml'),
        ],
        options,
      )
  }
  const script = CHAINS[chain].map(
    (words, index) =>
      `'${python}' ${join(ROOT, 'bench/warm-python', chain)}.py ${bareWords(home, words, index)}`,
  )
  return { bare: () => timed(['bash', '-ec', script.join('\n')], options), cold: run(false), warm: run(true) }
}

function bareWords(home, words, index) {
  const path = number => join(home.path, `bare-${number}`)
  return words
    .map(word => (word === '>' ? path(index) : word.replace(/^<(\d)$/, (_, number) => path(number))))
    .join(' ')
}

function settings(warm) {
  return `python: { warm: ${warm} }\nenvironments:\n  azureml:plain@latest: { requirements: [] }\n  azureml:bench@latest: ${ENVIRONMENT}\n`
}

/** YAML of the chain's steps; `write` makes one step of name, command, inputs and code. */
function steps(chain, write) {
  return CHAINS[chain].map((words, index) => {
    const inputs = words.flatMap(word => (/^<\d$/.test(word) ? [word.slice(1)] : []))
    const text = words.map(word =>
      word === '>' ? '${{outputs.o}}' : word.replace(/^<(\d)$/, '${{inputs.i$1}}'),
    )
    return write({ chain, index, inputs, command: `python ${chain}.py ${text.join(' ')}` })
  })
}

function inline({ chain, index, inputs, command }) {
  return `  ${chain}${index}:
    type: command
    code: ${join(ROOT, 'bench/warm-python')}
    command: ${command}
    environment: azureml:bench@latest
    inputs: { ${bindings(chain, inputs)} }
    outputs: { o: { type: uri_file } }
`
}

function bindings(chain, inputs) {
  return inputs.map(number => `i${number}: "\${{parent.jobs.${chain}${number}.outputs.o}}"`).join(', ')
}

/** Builds the environment, and returns its interpreter. */
async function pythonOf(home) {
  const file = join(home.path, 'which.yml')
  writeFileSync(join(home.path, 'settings.yml'), settings(false))
  writeFileSync(
    file,
    `type: pipeline\njobs:\n  which:\n    type: command\n    command: echo $VIRTUAL_ENV > \${{outputs.o}}\n    environment: azureml:bench@latest\n    outputs: { o: { type: uri_file } }\n`,
  )
  const report = home.json('ml', 'run', '--force', file, '--environments', join(home.path, 'settings.yml'))
  return join(readFileSync(report.steps[0].outputs.o, 'utf8').trim(), 'bin/python')
}

/** Milliseconds from the start of a chain's first step to the end of its last, in ML jobs of a server. */
async function serverTimes(home, rounds) {
  const server = await home.start()
  await until(() => existsSync(join(home.path, 'worker.json')), 'MLflow')
  const files = repositoryFiles()
  const repository = importTiny(home, files)
  const times = { learn: [], import: [] }
  for (let round = 0; round <= rounds; round++) {
    if (round > 0)
      repository.push('mlops/alpha/pipeline.yml', `${files['mlops/alpha/pipeline.yml']}# ${round}\n`)
    const job = await jobOfRun(server, round)
    if (round > 0) for (const chain of Object.keys(times)) times[chain].push(span(job, chain))
  }
  await server.stop()
  return times
}

/** Components, because only they can say that they aren't deterministic; the second chain follows the first. */
function repositoryFiles() {
  const files = { 'mlops/millwright.yml': settings(true) }
  const tiny = path => readFileSync(join(ROOT, 'test/fixtures/tiny', path), 'utf8')
  const jobs = Object.keys(CHAINS).flatMap(chain => {
    files[`mlops/alpha/${chain}.py`] = readFileSync(join(ROOT, 'bench/warm-python', `${chain}.py`), 'utf8')
    return steps(chain, step => {
      const { index, inputs } = step
      files[`mlops/alpha/${chain}${index}.yml`] = component(step)
      const after = chain === 'import' && index === 0 ? ['after: "${{parent.jobs.learn4.outputs.o}}"'] : []
      return `  ${chain}${index}:\n    component: ./${chain}${index}.yml\n    inputs: { ${[bindings(chain, inputs), ...after].filter(Boolean).join(', ')} }\n`
    })
  })
  files['mlops/alpha/pipeline.yml'] = tiny('mlops/alpha/pipeline.yml') + jobs.join('')
  return files
}

function component({ chain, index, inputs, command }) {
  const names = [
    ...inputs.map(number => `i${number}`),
    ...(chain === 'import' && index === 0 ? ['after'] : []),
  ]
  return `type: command
name: ${chain}${index}
is_deterministic: false
code: .
inputs: { ${names.map(name => `${name}: { type: uri_file }`).join(', ')} }
outputs: { o: { type: uri_file } }
environment: azureml:bench@latest
command: ${command}
`
}

async function jobOfRun(server, round) {
  await until(
    async () => {
      const runs = await server.call('GET', '/api/runs?pipeline=cd')
      return runs.length > round && runs.every(run => run.endedAt)
    },
    'the CD run',
    { every: 500, seconds: 400 },
  )
  const jobs = await server.call('GET', '/api/ml/jobs')
  return server.call('GET', `/api/ml/jobs/${jobs[0].job}`)
}

function span({ steps }, chain) {
  const own = steps.filter(step => step.name.startsWith(chain))
  return (
    Math.max(...own.map(step => Date.parse(step.endedAt))) -
    Math.min(...own.map(step => Date.parse(step.startedAt)))
  )
}
