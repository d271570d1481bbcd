import { MILLWRIGHT, temporaryHome } from '../home.js'
import { inTurns, timed } from '../measure.js'

/** How long a command takes that does next to nothing: alone, and with a question to a server. */
export async function commandStart({ repeats }) {
  const home = temporaryHome({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' })
  try {
    await home.start()
    const { env } = home
    const times = inTurns(repeats, {
      node: () => timed([process.execPath, '-e', '0'], { env }),
      version: () => timed([...MILLWRIGHT, '--version'], { env }),
      list: () => timed([...MILLWRIGHT, 'run', 'list'], { env }),
    })
    const floor = { name: '`node -e 0`', values: times.node }
    return [
      { figure: '`millwright --version`', values: times.version, unit: 'ms', floor },
      { figure: '`millwright run list`, no runs', values: times.list, unit: 'ms', floor },
    ]
  } finally {
    await home.remove()
  }
}
