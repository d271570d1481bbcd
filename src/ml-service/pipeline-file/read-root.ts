import type {
  CommandDefinition,
  OutputPort,
  PipelineDefinition,
  Port,
  Reading,
  StepDefinition,
  StepOutput,
} from './definitions.ts'
import { jobOfComponent } from './job-of-component.ts'
import { KNOWN } from './known-keys.ts'
import { readComponent } from './read-component.ts'
import { checkEnvironment } from './read-environment.ts'
import { readPipeline } from './read-pipeline.ts'
import { readInputPorts, readOutputPorts } from './read-ports.ts'
import { readStepMapping } from './read-step.ts'
import { stepType } from './step-type.ts'
import { nearest } from './suggest.ts'
import { atMissing, entry, type MappingTree, type ScalarTree, scalarText } from './yaml-tree.ts'

/** A file that can be run: a pipeline job or component, or a single command, sweep… job or component. */
export interface Root {
  pipeline: PipelineDefinition
  /** A component: its inputs need no values as long as it is only looked at. */
  isComponent: boolean
}

export function readRoot(tree: MappingTree, reading: Reading): Root | undefined {
  if (!entry(tree, 'type') && !entry(tree, 'command')) {
    const message = "the file does not say what it is: 'type' is missing"
    reading.findings.error(atMissing(tree, 'type'), 'missing-type', message, missingHint(tree))
    return entry(tree, 'jobs') ? readPipelineRoot(tree, reading) : undefined
  }
  const type = stepType(tree, reading.findings)
  if (type === 'pipeline') return readPipelineRoot(tree, reading)
  if (!type) return undefined
  return type === 'command' && !isJob(tree) ? readComponentRoot(tree, reading) : readJobRoot(tree, reading)
}

function missingHint(tree: MappingTree): string {
  for (const key of tree.entries.keys()) {
    const meant = KNOWN.command.has(key) ? undefined : nearest(key, ['type', 'command'])
    if (meant !== undefined) return `rename '${key}' to '${meant}'`
  }
  return "add 'type: pipeline'"
}

function readPipelineRoot(tree: MappingTree, reading: Reading): Root {
  const component = entry(tree, 'component')
  if (component && !entry(tree, 'jobs')) {
    return { pipeline: jobOfComponent(tree, component, reading), isComponent: false }
  }
  const isComponent = isPipelineComponent(tree)
  return { pipeline: readPipeline(tree, isComponent ? 'component' : 'job', reading), isComponent }
}

/** Only components have versions; a job says where it runs. */
function isPipelineComponent(tree: MappingTree): boolean {
  const schema = scalarText(entry(tree, '$schema')) ?? ''
  if (/pipeline(?:Component|Job)/i.test(schema)) return /pipelineComponent/i.test(schema)
  return entry(tree, 'version') !== undefined && !entry(tree, 'settings') && !entry(tree, 'experiment_name')
}

function isJob(tree: MappingTree): boolean {
  const schema = scalarText(entry(tree, '$schema')) ?? ''
  if (/command(?:Component|Job)/i.test(schema)) return /commandJob/i.test(schema)
  return ['compute', 'experiment_name', 'services', 'queue_settings'].some(key => entry(tree, key))
}

function readComponentRoot(tree: MappingTree, reading: Reading): Root | undefined {
  const component = readComponent(tree, reading)
  if (component?.kind !== 'command') return undefined
  checkEnvironment(tree, component.environment, reading.findings)
  return { pipeline: wrapped(component), isComponent: true }
}

/** A pipeline with the component as its only step, named after it, and the component's own inputs and outputs. */
function wrapped(component: CommandDefinition): PipelineDefinition {
  const plain = { environment: undefined, environmentVariables: {}, timeoutSeconds: undefined }
  const step = { tree: component.tree, component, ...plain, distribution: undefined }
  return onlyStep(component.name, step, component)
}

/** A job that is one step: its inputs have values, so that it can be run as it is. */
function readJobRoot(tree: MappingTree, reading: Reading): Root | undefined {
  const inputs = readInputPorts(tree, 'job', reading.findings)
  const outputs = readOutputPorts(tree, 'job', reading.findings)
  const step = readStepMapping('step', tree, reading)
  if (!step) return undefined
  const sampled = [...inputs].filter(([name]) => !step.component || step.component.inputs.has(name))
  const ports = { inputs: new Map(sampled), outputs }
  return { pipeline: onlyStep(scalarText(entry(tree, 'name')), step, { tree, ...ports }), isComponent: false }
}

function onlyStep(
  title: string | undefined,
  step: Omit<StepDefinition, 'name' | 'inputs' | 'outputs'>,
  ports: Pick<PipelineDefinition, 'tree' | 'inputs' | 'outputs'>,
): PipelineDefinition {
  const name = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(title ?? '') ? title! : 'step'
  const inputs = new Map([...ports.inputs.values()].map(port => [port.name, parentInput(port)]))
  const outputs = new Map([...ports.outputs.values()].map(port => [port.name, stepOutput(port)]))
  return {
    kind: 'pipeline',
    name: title,
    ...ports,
    steps: new Map([[name, { ...step, name, inputs, outputs }]]),
    bindings: new Map([...outputs.keys()].map(output => [output, { step: name, output }])),
    loopBodies: new Set(),
  }
}

function parentInput({ name, tree }: Port): ScalarTree {
  const text = `\${{parent.inputs.${name}}}`
  const { file, offset, keyOffset, parent } = tree
  return { kind: 'scalar', type: 'string', text, source: text, file, offset, keyOffset, parent, name }
}

function stepOutput(port: OutputPort): StepOutput {
  return { ...port, path: undefined, asset: undefined, parentOutput: port.name }
}
