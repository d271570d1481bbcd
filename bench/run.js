// Measures the figures that the project promises, each with its floor in the same run, and prints a markdown table.
// Usage: npm run bench [-- FIGURE… [--repeats 7]]
import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { table } from './table.js'

const FIGURES = {
  'ml-run': async () => (await import('./figures/ml-run.js')).mlRun,
  reuse: async () => (await import('./figures/reuse.js')).reuse,
  'log-throughput': async () => (await import('./figures/log-throughput.js')).logThroughput,
  environment: async () => (await import('./figures/environment.js')).environment,
  'server-steps': async () => (await import('./figures/server-steps.js')).serverSteps,
  load: async () => (await import('./figures/load.js')).load,
  'warm-python': async () => (await import('./figures/warm-python.js')).warmPython,
  triggers: async () => (await import('./figures/triggers.js')).triggers,
  'idle-server': async () => (await import('./figures/idle-server.js')).idleServer,
  'command-start': async () => (await import('./figures/command-start.js')).commandStart,
}

const { values, positionals } = parseArgs({
  options: { repeats: { type: 'string', default: '7' } },
  allowPositionals: true,
})
const unknown = positionals.filter(name => !(name in FIGURES))
if (unknown.length > 0) {
  process.stderr.write(
    `no such figure: ${unknown.join(', ')}; there are ${Object.keys(FIGURES).join(', ')}\n`,
  )
  process.exit(2)
}

const loadBefore = loadavg()[0]
const rows = []
for (const name of positionals.length > 0 ? positionals : Object.keys(FIGURES)) {
  process.stderr.write(`${name}\n`)
  const measure = await FIGURES[name]()
  rows.push(...(await measure({ repeats: Number(values.repeats) })))
}
process.stdout.write(`${machine()}\n\n${table(rows)}\n`)

function machine() {
  const gib = (totalmem() / 2 ** 30).toFixed(0)
  const loads = [loadBefore, loadavg()[0]].map(load => load.toFixed(1))
  const system = `${process.platform} ${process.arch}, Node ${process.version}`
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${gib} GiB, ${system}; load ${loads.join(' before, ')} after`
}
