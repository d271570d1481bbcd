import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chain } from '../chain.js'
import { MILLWRIGHT, temporaryHome } from '../home.js'
import { inTurns, timed } from '../measure.js'

const LENGTHS = [10, 50, 100]

/** A chain of no-op steps with `millwright ml run`, from shell to exit; every step is run, none reused. */
export async function mlRun({ repeats }) {
  const home = temporaryHome()
  try {
    const times = inTurns(repeats, measurements(home))
    const bash = length => ({ name: 'bash loop', values: times[`bash ${length}`] })
    return [
      { ...seconds(times, 10), floor: { name: 'bash loop', values: inSeconds(times['bash 10']) }, goal: 0.6 },
      {
        ...seconds(times, 100),
        floor: { name: 'bash loop', values: inSeconds(times['bash 100']) },
        goal: 1.5,
      },
      {
        ...seconds(times, 10),
        figure: 'the same',
        floor: { name: '`node -e 0`', values: inSeconds(times.node) },
      },
      {
        ...seconds(times, 100),
        floor: { name: 'bash loop', values: inSeconds(times['bash 100']) },
        goal: 1.5,
      },
      ...[50, 100].map(length => ({
        figure: `each further step, ${length} instead of 10`,
        values: furtherStep(times[`chain ${length}`], times['chain 10'], length),
        unit: 'ms',
        floor: { ...bash(length), values: furtherStep(bash(length).values, bash(10).values, length) },
        goal: 10,
      })),
    ]
  } finally {
    await home.remove()
  }
}

function measurements(home) {
  const { env, path } = home
  const options = { env: { ...env, TMPDIR: path }, cwd: path } // the jobs' folders go with the home
  const entries = LENGTHS.flatMap(length => {
    const file = join(path, `chain-${length}.yml`)
    writeFileSync(file, chain({ steps: length }))
    const loop = `for i in $(seq ${length}); do bash -c true; done`
    return [
      [`bash ${length}`, () => timed(['bash', '-c', loop], options)],
      [`chain ${length}`, () => timed([...MILLWRIGHT, 'ml', 'run', '--force', file], options)],
    ]
  })
  return { node: () => timed([process.execPath, '-e', '0'], options), ...Object.fromEntries(entries) }
}

function seconds(times, length) {
  return {
    figure: `\`millwright ml run\`, ${length} no-op steps`,
    values: inSeconds(times[`chain ${length}`]),
    unit: 's',
  }
}

function inSeconds(values) {
  return values.map(value => value / 1000)
}

/** Round by round, so that each difference is of neighbours in time. */
function furtherStep(long, short, length) {
  return long.map((value, round) => (value - short[round]) / (length - 10))
}
