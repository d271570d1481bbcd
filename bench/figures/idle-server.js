import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryHome } from '../home.js'

const SETTLE_SECONDS = 10
const WATCH_SECONDS = 20
/** Clock ticks per second of /proc/<pid>/stat on Linux. */
const TICKS = 100

/** Memory and processor time of a server without MLflow that has nothing to do (Linux only: read from /proc). */
export async function idleServer() {
  const home = temporaryHome({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' })
  try {
    const { pid } = await home.start()
    await sleep(SETTLE_SECONDS * 1000)
    const before = ticks(pid)
    const memory = []
    for (let second = 0; second < WATCH_SECONDS; second++) {
      memory.push(resident(pid))
      await sleep(1000)
    }
    const share = ((ticks(pid) - before) / TICKS / WATCH_SECONDS) * 100
    const bare = await bareNode()
    return [
      {
        ...{ figure: 'idle server, resident memory of its process', values: memory, unit: 'MB', goal: 250 },
        floor: { name: '`node` with nothing loaded', values: [bare] },
      },
      {
        figure: 'its PostgreSQL, all processes, shared pages once',
        values: [databaseMemory(pid)],
        unit: 'MB',
      },
      { figure: 'idle server, processor time (of one core)', values: [share], unit: '%' },
    ]
  } finally {
    await home.remove()
  }
}

async function bareNode() {
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' })
  await sleep(1000)
  const memory = resident(child.pid)
  child.kill()
  return memory
}

function resident(pid) {
  return kilobytes(`/proc/${pid}/status`, 'VmRSS') / 1000
}

/** Proportional set sizes of what the server started and its children. */
function databaseMemory(server) {
  const parents = new Map(processes().map(pid => [pid, parentOf(pid)]))
  const below = pid => pid !== undefined && (parents.get(pid) === server || below(parents.get(pid)))
  const members = [...parents.keys()].filter(pid => below(pid))
  return members.reduce((sum, pid) => sum + kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0) / 1000
}

function processes() {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function parentOf(pid) {
  return Number(fields(pid)[1] ?? 0) || undefined
}

function ticks(pid) {
  const found = fields(pid)
  return Number(found[11]) + Number(found[12])
}

/** From `state` on; the command's name before it may hold anything. */
function fields(pid) {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function kilobytes(file, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(file))?.[1] ?? 0)
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
