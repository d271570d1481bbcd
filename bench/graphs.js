// Pipelines of no-op steps in three shapes, as Azure ML YAML.
// As a program: node bench/graphs.js chain|fan-out|lattice [--steps 1000] [--log FILE] > pipeline.yml
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** Which steps each step reads, by number. */
const SHAPES = {
  /** Each reads the one before. */
  chain: index => (index > 0 ? [index - 1] : []),
  /** All read the first. */
  'fan-out': index => (index > 0 ? [0] : []),
  /** Rows of ten; each step reads its upper neighbour and the one to the right of that. */
  lattice: index => (index < 10 ? [] : [index - 10, index % 10 === 9 ? index - 19 : index - 9]),
}

/** YAML text of a pipeline of `steps` no-op steps; with `log` each appends its number to that file. */
export function graph(shape, { steps, log }) {
  const needs = SHAPES[shape]
  if (!needs) throw new Error(`no such shape: ${shape}; there are ${Object.keys(SHAPES).join(', ')}`)
  const jobs = Array.from({ length: steps }, (_, index) => step(index, needs(index), log))
  return `type: pipeline\ndisplay_name: ${shape}\njobs:\n${jobs.join('')}`
}

function step(index, needs, log) {
  const command = log ? `echo ${index} >> '${log}'` : 'true'
  const inputs = needs.map((need, i) => `      i${i}: "\${{parent.jobs.s${need}.outputs.o}}"\n`)
  return `  s${index}:
    type: command
    command: ${JSON.stringify(command)}
    environment: { image: none }
    is_deterministic: false
${inputs.length > 0 ? `    inputs:\n${inputs.join('')}` : ''}    outputs: { o: { type: uri_folder } }
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { steps: { type: 'string', default: '1000' }, log: { type: 'string' } }
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  process.stdout.write(graph(positionals[0] ?? 'chain', { steps: Number(values.steps), log: values.log }))
}
