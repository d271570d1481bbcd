import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './measure.js'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The built command, as the shell's link starts it. */
export const MILLWRIGHT = [process.execPath, join(ROOT, 'bin/millwright.js')]

/** Tools and Python environments are kept from run to run, and shared with the tests. */
const SHARED = join(tmpdir(), 'millwright-test-tools')

/** A home of its own for one figure. `remove` ends what was started in it. */
export function temporaryHome(variables = {}) {
  const path = mkdtempSync(join(tmpdir(), 'millwright-bench-'))
  for (const name of ['tools', 'environments']) {
    mkdirSync(join(SHARED, name), { recursive: true })
    symlinkSync(join(SHARED, name), join(path, name))
  }
  const env = { ...ownVariables(), MILLWRIGHT_HOME: path, ...IDENTITY, ...variables }
  const started = []
  return {
    path,
    env,
    run(...argv) {
      return execFileSync(argv[0], argv.slice(1), { env, cwd: path, encoding: 'utf8', stdio: OUTPUT_ONLY })
    },
    json(...words) {
      return JSON.parse(this.run(...MILLWRIGHT, ...words, '--json'))
    },
    async start(words = []) {
      const server = await startServer(path, env, words)
      started.push(server)
      return server
    },
    async remove() {
      for (const server of started) await server.stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

const OUTPUT_ONLY = ['ignore', 'pipe', 'pipe']

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@bench.invalid',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@bench.invalid',
}

/** Without settings of the caller's Millwright. */
function ownVariables() {
  const foreign = /^(MILLWRIGHT_|DATABASE_URL$|MLFLOW_|GIT_)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

/** Starts `millwright up` and waits until it answers; its output goes to `server-output.log` in the home. */
async function startServer(home, env, words) {
  const output = openSync(join(home, 'server-output.log'), 'a')
  const child = spawn(MILLWRIGHT[0], [MILLWRIGHT[1], 'up', '--port', '0', ...words], {
    ...{ env, cwd: home },
    stdio: ['ignore', output, output],
  })
  const ended = new Promise(resolve => child.once('exit', resolve))
  const file = join(home, 'server.json')
  const log = () => readFileSync(join(home, 'server-output.log'), 'utf8')
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the server ended:\n${log()}`)
    return existsSync(file) && statSync(file).size > 0
  }, 'the server')
  const { url, token } = JSON.parse(readFileSync(file, 'utf8'))
  return {
    pid: child.pid,
    log,
    call: (method, path, body, headers) => call(`${url}${path}`, { token, method, body, headers }),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function call(url, { token, method, body, headers = {} }) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
