import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MILLWRIGHT, temporaryHome } from '../home.js'
import { inTurns, timed } from '../measure.js'

const PACKAGES = ['pandas==2.3.3', 'scikit-learn==1.7.2']

/** A step in an environment that has to be made first, and in one that is there. */
export async function environment({ repeats }) {
  const home = temporaryHome()
  const options = { env: { ...home.env, TMPDIR: home.path }, cwd: home.path }
  const folder = join(home.path, 'environments')
  try {
    writeFileSync(join(home.path, 'pipeline.yml'), PIPELINE)
    writeFileSync(
      join(home.path, 'map.yml'),
      `environments: { 'azureml:e@latest': ${JSON.stringify({ requirements: PACKAGES })} }`,
    )
    rmSync(folder)
    mkdirSync(folder)
    const run = () => {
      return (
        timed([...MILLWRIGHT, 'ml', 'run', '--force', '--environments', 'map.yml', 'pipeline.yml'], options) /
        1000
      )
    }
    const uv = [
      'bash',
      '-c',
      `rm -rf bare; ${UV} venv -q bare && VIRTUAL_ENV=bare ${UV} pip install -q ${PACKAGES.join(' ')}`,
    ]
    run() // fills the cache of packages
    const times = inTurns(Math.min(repeats, 3), {
      cold: () => {
        rmSync(folder, { recursive: true })
        mkdirSync(folder)
        return run()
      },
      uv: () => timed(uv, options) / 1000,
      cached: run,
      node: () => timed([process.execPath, '-e', '0'], options) / 1000,
    })
    return [
      {
        ...{
          figure: 'a step whose environment (pandas, scikit-learn) has to be made',
          values: times.cold,
          unit: 's',
        },
        floor: { name: '`uv venv` and `uv pip install`, packages cached', values: times.uv },
      },
      {
        ...{ figure: 'the same when the environment is there', values: times.cached, unit: 's' },
        floor: { name: '`node -e 0`', values: times.node },
      },
    ]
  } finally {
    await home.remove()
  }
}

/** The one that Millwright uses: of the machine, or its own. */
const UV = '$(command -v uv || ls "$MILLWRIGHT_HOME"/tools/*/bin/uv | head -1)'

const PIPELINE = `type: pipeline
jobs:
  step: { type: command, command: "true", environment: "azureml:e@latest" }
`
