import type {
  CommandDefinition,
  OutputPort,
  PipelineDefinition,
  Port,
  Reading,
  StepOutput,
} from './definitions.ts'
import { wrongType } from './entries.ts'
import { readComponent } from './read-component.ts'
import { readPipeline } from './read-pipeline.ts'
import { readInputPorts, readOutputPorts } from './read-ports.ts'
import { checkStepType } from './step-type.ts'
import { atMissing, entry, type MappingTree, type ScalarTree, scalarText, type Tree } from './yaml-tree.ts'

/** A file that can be run: a pipeline job, a pipeline component, or a command component as the only step. */
export interface Root {
  pipeline: PipelineDefinition
  /** A component: its inputs need no values as long as it is only looked at. */
  isComponent: boolean
}

export function readRoot(tree: MappingTree, reading: Reading): Root | undefined {
  const type = scalarText(entry(tree, 'type'))?.toLowerCase()
  if (type === 'pipeline') return readPipelineRoot(tree, reading)
  if (type === undefined && !entry(tree, 'command')) {
    const message = "the file does not say what it is: 'type' is missing"
    reading.findings.error(atMissing(tree, 'type'), 'missing-type', message, "add 'type: pipeline'")
    return entry(tree, 'jobs') ? readPipelineRoot(tree, reading) : undefined
  }
  if (!checkStepType(tree, reading.findings)) return undefined
  const component = readComponent(tree, reading)
  return component?.kind === 'command'
    ? { pipeline: wrapped(component, reading), isComponent: true }
    : undefined
}

function readPipelineRoot(tree: MappingTree, reading: Reading): Root {
  const component = entry(tree, 'component')
  if (component && !entry(tree, 'jobs')) {
    const pipeline = jobOfComponent(tree, component, reading)
    if (pipeline) return { pipeline, isComponent: false }
  }
  const isComponent = (scalarText(entry(tree, '$schema')) ?? '').includes('pipelineComponent')
  return { pipeline: readPipeline(tree, isComponent ? 'component' : 'job', reading), isComponent }
}

/** A job that only gives inputs to a pipeline component: the component's steps with the job's values. */
function jobOfComponent(
  tree: MappingTree,
  reference: Tree,
  reading: Reading,
): PipelineDefinition | undefined {
  const component = reading.component(reference)
  if (component?.kind === 'command') return wrongType(reference, 'a pipeline component', reading.findings)
  if (!component) return { ...emptyPipeline(tree), inputs: readInputPorts(tree, 'job', reading.findings) }
  const given = readInputPorts(tree, 'job', reading.findings)
  const outputs = readOutputPorts(tree, reading.findings)
  return {
    ...component,
    tree,
    inputs: new Map([...component.inputs].map(([name, port]) => [name, withValue(port, given.get(name))])),
    outputs: new Map([...component.outputs].map(([name, port]) => [name, { ...port, ...outputs.get(name) }])),
  }
}

function withValue(port: Port, given: Port | undefined): Port {
  if (!given?.default && !given?.path) return port
  return { ...port, default: given.default, path: given.path, tree: given.tree }
}

/** A pipeline with the component as its only step, named after it, and the component's own inputs and outputs. */
function wrapped(component: CommandDefinition, { findings }: Reading): PipelineDefinition {
  if (!component.environment && !entry(component.tree, 'environment')) {
    const suggestion = "add 'environment: azureml:name@latest' or an inline environment"
    const spot = atMissing(component.tree, 'environment')
    findings.error(spot, 'missing-environment', 'the component has no environment', suggestion)
  }
  const name = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(component.name ?? '') ? component.name! : 'step'
  const inputs = new Map([...component.inputs.values()].map(port => [port.name, parentInput(port)]))
  const outputs = new Map([...component.outputs.values()].map(port => [port.name, stepOutput(port)]))
  const plain = { environment: undefined, environmentVariables: {}, timeoutSeconds: undefined }
  return {
    ...emptyPipeline(component.tree),
    inputs: component.inputs,
    outputs: component.outputs,
    steps: new Map([[name, { name, tree: component.tree, component, inputs, outputs, ...plain }]]),
    bindings: new Map([...outputs.keys()].map(output => [output, { step: name, output }])),
  }
}

function emptyPipeline(tree: MappingTree): PipelineDefinition {
  const nothing = { inputs: new Map(), outputs: new Map(), steps: new Map(), bindings: new Map() }
  return { kind: 'pipeline', name: scalarText(entry(tree, 'name')), tree, ...nothing }
}

function parentInput({ name, tree }: Port): ScalarTree {
  const text = `\${{parent.inputs.${name}}}`
  const { file, offset, keyOffset, parent } = tree
  return { kind: 'scalar', type: 'string', text, source: text, file, offset, keyOffset, parent, name }
}

function stepOutput(port: OutputPort): StepOutput {
  return { ...port, parentOutput: port.name }
}
