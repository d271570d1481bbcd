import type { OutputPort, PipelineDefinition, Port, Reading } from './definitions.ts'
import { wrongType } from './entries.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { readInputPorts, readOutputPorts } from './read-ports.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { warnWithoutEffect } from './without-effect.ts'
import { atKey, entry, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

/** A job that only gives inputs to a pipeline component: the component's steps with the job's values. */
export function jobOfComponent(tree: MappingTree, reference: Tree, reading: Reading): PipelineDefinition {
  warnUnknownKeys(tree, KNOWN.pipeline, reading.findings)
  warnWithoutEffect(tree, reading.findings)
  const inputs = readInputPorts(tree, 'job', reading.findings)
  const outputs = readOutputPorts(tree, 'job', reading.findings)
  const component = reading.component(reference)
  if (component && component.kind !== 'pipeline')
    wrongType(reference, 'a pipeline component', reading.findings)
  if (component?.kind !== 'pipeline') return { ...emptyPipeline(tree), inputs }
  checkGiven(inputs, component, reading)
  checkWanted(outputs, component, reading)
  return {
    ...component,
    tree,
    inputs: new Map([...component.inputs].map(([name, port]) => [name, withValue(port, inputs.get(name))])),
    outputs: new Map(
      [...component.outputs].map(([name, port]) => [name, { ...port, ...said(outputs.get(name)) }]),
    ),
  }
}

function withValue(port: Port, given: Port | undefined): Port {
  if (!given?.default && !given?.path) return port
  return { ...port, default: given.default, path: given.path, tree: given.tree }
}

function said(output: OutputPort | undefined): Partial<OutputPort> {
  if (!output) return {}
  const { type, path, asset, tree } = output
  return { tree, ...(type && { type }), ...(path && { path }), ...(asset && { asset }) }
}

function checkGiven(inputs: Map<string, Port>, component: PipelineDefinition, { findings }: Reading): void {
  for (const [name, { tree }] of inputs) {
    if (component.inputs.has(name)) continue
    const suggestion = didYouMeanOneOf(name, component.inputs.keys(), 'inputs')
    const message = `the component has no input '${name}': it is ignored`
    findings.warning(atKey(tree), 'unknown-input', message, suggestion)
  }
}

function checkWanted(
  outputs: Map<string, OutputPort>,
  component: PipelineDefinition,
  { findings }: Reading,
): void {
  for (const [name, { tree }] of outputs) {
    if (component.outputs.has(name)) continue
    const suggestion = didYouMeanOneOf(name, component.outputs.keys(), 'outputs')
    findings.warning(atKey(tree), 'unknown-output', `the component has no output '${name}'`, suggestion)
  }
}

function emptyPipeline(tree: MappingTree): PipelineDefinition {
  const nothing = { inputs: new Map(), outputs: new Map(), steps: new Map(), bindings: new Map() }
  return { kind: 'pipeline', name: scalarText(entry(tree, 'name')), tree, ...nothing, loopBodies: new Set() }
}
