import { checkBindings, RESERVED_OUTPUT } from './check-bindings.ts'
import { reportCycles } from './cycles.ts'
import type { PipelineDefinition, Reading, StepDefinition, StepOutput } from './definitions.ts'
import { mappingEntry, textEntry } from './entries.ts'
import { wholeExpression } from './expressions.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { readInputPorts, readOutputPorts, type Style } from './read-ports.ts'
import { readStep } from './read-step.ts'
import { foreignType } from './step-scalars.ts'
import { isControlFlow } from './step-type.ts'
import { didYouMean, didYouMeanOneOf } from './suggest.ts'
import { warnWithoutEffect } from './without-effect.ts'
import { at, atKey, atMissing, entry, type MappingTree, scalarText } from './yaml-tree.ts'

/** A pipeline job or pipeline component, with its steps, their bindings checked. */
export function readPipeline(tree: MappingTree, style: Style, reading: Reading): PipelineDefinition {
  const { findings } = reading
  warnUnknownKeys(tree, KNOWN.pipeline, findings)
  const definition: PipelineDefinition = {
    kind: 'pipeline',
    name: textEntry(tree, 'name', findings),
    tree,
    inputs: readInputPorts(tree, style, findings),
    outputs: readOutputPorts(tree, style, findings),
    steps: readSteps(tree, reading),
    bindings: new Map(),
    loopBodies: new Set(),
  }
  warnWithoutEffect(tree, findings)
  for (const step of definition.steps.values()) {
    bindOutputs(step, definition, reading)
    for (const body of loopBodies(step)) definition.loopBodies.add(body)
  }
  warnUnboundOutputs(definition, reading)
  checkBindings(definition, findings)
  reportCycles(definition, findings)
  return definition
}

/** `body: ${{parent.jobs.step}}` of a loop. */
function loopBodies(step: StepDefinition): string[] {
  if (!isControlFlow(foreignType(step) ?? '')) return []
  const inner = wholeExpression(scalarText(entry(step.tree, 'body')) ?? '') ?? ''
  return /^parent\.jobs\.([\w-]+)$/.exec(inner)?.slice(1) ?? []
}

function readSteps(tree: MappingTree, reading: Reading): Map<string, StepDefinition> {
  const jobs = mappingEntry(tree, 'jobs', reading.findings)
  if (!entry(tree, 'jobs') || jobs?.entries.size === 0) {
    const unknown = [...tree.entries.keys()].filter(key => !KNOWN.pipeline.has(key))
    const near = unknown.find(key => didYouMean(key, ['jobs', 'steps', 'nodes']))
    const suggestion = near ? `rename '${near}' to 'jobs'` : "add 'jobs:' with at least one step"
    const spot = jobs ? at(jobs) : atMissing(tree, 'jobs')
    reading.findings.error(spot, 'missing-jobs', 'the pipeline has no steps', suggestion)
  }
  const steps = new Map<string, StepDefinition>()
  for (const [name, value] of jobs?.entries ?? []) {
    const step = readStep(name, value, reading)
    if (step) steps.set(name, step)
  }
  return steps
}

function bindOutputs(step: StepDefinition, pipeline: PipelineDefinition, { findings }: Reading): void {
  for (const output of step.outputs.values()) {
    checkDeclared(step, output, findings)
    if (output.parentOutput !== undefined) bindOutput(step, output, output.parentOutput, pipeline, findings)
  }
}

function bindOutput(
  step: StepDefinition,
  { name, tree }: StepOutput,
  parentOutput: string,
  { outputs, bindings }: PipelineDefinition,
  findings: Findings,
): void {
  const taken = bindings.get(parentOutput)
  if (!outputs.has(parentOutput)) {
    const message = `the pipeline has no output '${parentOutput}'`
    const suggestion =
      didYouMeanOneOf(parentOutput, outputs.keys(), 'outputs') ?? `add '${parentOutput}:' to its outputs`
    findings.error(at(tree), 'unknown-parent-output', message, suggestion)
  } else if (taken) {
    const message = `the pipeline output '${parentOutput}' is already bound to '${taken.output}' of step '${taken.step}'`
    findings.error(at(tree), 'output-bound-twice', message, 'bind each output of the pipeline once')
  } else bindings.set(parentOutput, { step: step.name, output: name })
}

/** Nothing would ever be written to an output that the component lacks; that matters when somebody waits for it. */
function checkDeclared(
  step: StepDefinition,
  { name, tree, parentOutput }: StepOutput,
  findings: Findings,
): void {
  if (!step.component || step.component.outputs.has(name) || name === RESERVED_OUTPUT) return
  const message = `the component of step '${step.name}' has no output '${name}'`
  const suggestion = didYouMeanOneOf(name, step.component.outputs.keys(), 'outputs')
  const report = parentOutput === undefined ? findings.warning : findings.error
  report(atKey(tree), 'unknown-output', message, suggestion)
}

function warnUnboundOutputs(pipeline: PipelineDefinition, { findings }: Reading): void {
  for (const [name, { tree }] of pipeline.outputs) {
    if (pipeline.bindings.has(name)) continue
    const suggestion = `write '\${{parent.outputs.${name}}}' as an output of a step`
    findings.warning(at(tree), 'unbound-output', `no step makes the pipeline output '${name}'`, suggestion)
  }
}
