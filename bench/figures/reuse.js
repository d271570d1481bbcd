import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { MILLWRIGHT, ROOT, temporaryHome } from '../home.js'
import { inTurns, timed } from '../measure.js'

/** The example's ML pipeline run again with nothing changed: all steps are reused. */
export async function reuse({ repeats }) {
  const home = temporaryHome()
  try {
    cpSync(join(ROOT, 'examples/factory/mlops'), join(home.path, 'mlops'), { recursive: true })
    const pipeline = join(home.path, 'mlops/machine-failure/pipeline.yml')
    const options = { env: { ...home.env, TMPDIR: home.path }, cwd: home.path }
    const run = (...words) => timed([...MILLWRIGHT, 'ml', 'run', pipeline, ...words], options)
    run() // makes the Python environment, when it isn't there yet
    const cold = run('--force') / 1000
    const times = inTurns(repeats, {
      again: () => run() / 1000,
      node: () => timed([process.execPath, '-e', '0'], options) / 1000,
    })
    return [
      {
        ...{
          figure: "the example's ML pipeline again, nothing changed",
          values: times.again,
          unit: 's',
          goal: 0.6,
        },
        floor: { name: '`node -e 0`', values: times.node },
      },
      { figure: 'the same with `--force`: all steps are run', values: [cold], unit: 's' },
    ]
  } finally {
    await home.remove()
  }
}
