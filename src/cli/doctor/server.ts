import { createServer } from 'node:net'
import type { Config } from '#config.ts'
import { UserError } from '#errors.ts'
import type { StatusDocument } from '#server/documents/status.ts'
import { connect } from '../client.ts'
import type { Finding } from './checks.ts'
import { failed, ok, warning } from './finding.ts'

/** Where `up` listens unless it is told otherwise. */
const DEFAULT_PORT = 4400

/** A server that isn't running is fine, as long as one could be started. */
export async function checkServer(config: Config): Promise<Finding> {
  try {
    const { version, workers, tracking } = await connect(config).get<StatusDocument>('/api/status')
    const agents = `${workers.length} worker${workers.length === 1 ? '' : 's'}`
    return ok('server', `running, version ${version}, ${agents}, MLflow ${tracking?.uri ?? 'not ready'}`)
  } catch (error) {
    if (!(error instanceof UserError))
      return failed('server', String(error), "see server.log in the server's home")
    if (error.code !== 'no-server') return failed('server', error.message, error.hint ?? '')
    return config.serverUrl ? failed('server', error.message, 'is MILLWRIGHT_URL right?') : checkPort()
  }
}

async function checkPort(): Promise<Finding> {
  if (await isFree(DEFAULT_PORT)) return ok('server', `not running; port ${DEFAULT_PORT} is free`)
  const hint = 'start it with another one: millwright up --port 0'
  return warning('server', `not running, and port ${DEFAULT_PORT} is in use by another program`, hint)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
