// Writes a chain of no-op steps as an Azure ML pipeline.
// As a program: node bench/chain.js [--steps 10] [--log FILE] > pipeline.yml
// With --log every step also appends `<number> <seconds since 1970>` to that file.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** YAML text of a pipeline of `steps` steps, each of which reads the output of the one before. */
export function chain({ steps, log }) {
  const jobs = Array.from({ length: steps }, (_, index) => step(index, log))
  return `type: pipeline\ndisplay_name: chain\njobs:\n${jobs.join('')}`
}

function step(index, log) {
  const command = log ? `env true; date +'${index} %s.%N' >> '${log}'` : 'true'
  const input = index > 0 ? `    inputs: { i: "\${{parent.jobs.s${index - 1}.outputs.o}}" }\n` : ''
  return `  s${index}:
    type: command
    command: ${JSON.stringify(command)}
    environment: { image: none }
${input}    outputs: { o: { type: uri_folder } }
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { steps: { type: 'string', default: '10' }, log: { type: 'string' } },
  })
  process.stdout.write(chain({ steps: Number(values.steps), log: values.log }))
}
