import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MILLWRIGHT, temporaryHome } from '../home.js'
import { inTurns, timed } from '../measure.js'

const BYTES = 1e9

/** A step that prints 1 GB beside one that does a little every now and then. */
export async function logThroughput({ repeats }) {
  const home = temporaryHome()
  const options = { env: { ...home.env, TMPDIR: home.path }, cwd: home.path }
  const file = join(home.path, 'loud.yml')
  writeFileSync(file, pipeline(`yes | head -c ${BYTES}`))
  try {
    const times = inTurns(Math.min(repeats, 3), {
      loud: () => timed([...MILLWRIGHT, 'ml', 'run', '--force', file], options) / 1000,
      file: () => timed(['bash', '-c', `yes | head -c ${BYTES} > out.txt; rm out.txt`], options) / 1000,
    })
    return [
      {
        ...{ figure: 'a step that prints 1 GB, from shell to exit', values: times.loud, unit: 's' },
        floor: { name: 'the same into a file', values: times.file },
      },
      {
        ...{ figure: 'memory of `millwright ml run` at its most, meanwhile', values: [peak(file, options)] },
        ...{
          unit: 'MB',
          goal: 200,
          floor: { name: 'a step that prints nothing', values: [quiet(home, options)] },
        },
      },
    ]
  } finally {
    await home.remove()
  }
}

function pipeline(command) {
  return `type: pipeline
jobs:
  loud: { type: command, command: "${command}", environment: { image: none } }
  beside: { type: command, command: "for i in 1 2 3; do sleep 0.1; date; done", environment: { image: none } }
`
}

function quiet(home, options) {
  const file = join(home.path, 'quiet.yml')
  writeFileSync(file, pipeline('true'))
  return peak(file, options)
}

/** The largest resident memory in MB, as the kernel counted it. */
function peak(file, { env, cwd }) {
  const script = `process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))`
  const preload = join(cwd, 'peak.cjs')
  writeFileSync(preload, script)
  const argv = ['--require', preload, MILLWRIGHT[1], 'ml', 'run', '--force', file]
  const { stderr } = spawnSync(process.execPath, argv, { env, cwd, encoding: 'utf8' })
  return Number(/^peak (\d+)$/m.exec(stderr)[1]) / 1000
}
