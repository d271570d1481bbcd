import type { DataType, Distribution, EnvironmentSpec, Sweep } from '../plan.ts'
import type { Findings } from './findings.ts'
import type { Library } from './library.ts'
import type { MappingTree, ScalarTree, Spot, Tree } from './yaml-tree.ts'

/**
 * What the files say, before anything is bound. Whatever runs here doesn't need stays in `tree`, with its source text and
 * position, so that a submission to Azure ML can be made of it: `compute`, `resources`, `services`, `identity`,
 * `queue_settings`, `limits` and `distribution` are entries of a step's `tree` (`entry(step.tree, 'compute')`), or else
 * of its component's `tree`; `tags`, `description`, `display_name` and `properties` of the pipeline's, step's or
 * component's `tree`; `mode` and `description` of a port's `tree`. `toJson` gives such an entry as plain JSON, scalars as
 * the texts that the Azure ML CLI would send.
 */
export type Definition = CommandDefinition | PipelineDefinition | ForeignDefinition

export type LiteralType = 'string' | 'integer' | 'number' | 'boolean'

/** An input that a component or pipeline declares. */
export interface Port {
  name: string
  /** Undefined takes whatever is bound: inputs of inline steps, pipeline inputs without a value. */
  type: DataType | LiteralType | undefined
  optional: boolean
  default: ScalarTree | undefined
  /** `path` of a data input of a pipeline job. */
  path: ScalarTree | undefined
  choices: ScalarTree[] | undefined
  min: number | undefined
  max: number | undefined
  tree: Tree
}

/** An output that a component or pipeline declares, or that a step sets. */
export interface OutputPort {
  name: string
  /** Undefined: not said; a folder unless something else says more. */
  type: DataType | undefined
  path: ScalarTree | undefined
  /** Registers the output as a data asset. */
  asset: { name: string; version: string | undefined } | undefined
  tree: Tree
}

/** A setting as written: a value, or the expression that it comes from. */
export type Late<T> = T | ScalarTree

/** As written; `processes` is a number or the expression that makes one. */
export interface DistributionDefinition {
  type: Distribution['type']
  processes: Late<number>
}

export interface CommandDefinition {
  kind: 'command'
  name: string | undefined
  tree: MappingTree
  inputs: Map<string, Port>
  outputs: Map<string, OutputPort>
  command: string
  code: string | undefined
  environment: EnvironmentSpec | undefined
  environmentVariables: Record<string, string>
  timeoutSeconds: Late<number> | undefined
  distribution: DistributionDefinition | undefined
  deterministic: boolean
  /** Places of `${{search_space.x}}` in the command, which only a sweep's trial may have. */
  searched: { name: string; spot: Spot }[]
  /** A sweep whose trial this is. Its inputs are those that the search space does not give. */
  sweep: Sweep | undefined
  /** Written inside the step: its inputs are what the step sets. */
  inline: boolean
  /** See PlannedStep.spec. */
  spec: string
}

/** A step or component that runs on Azure ML only (automl, spark, …), as far as others can refer to it. */
export interface ForeignDefinition {
  kind: 'foreign'
  /** E.g. `spark`. */
  type: string
  name: string | undefined
  tree: MappingTree
  inputs: Map<string, Port>
  outputs: Map<string, OutputPort>
}

export interface PipelineDefinition {
  kind: 'pipeline'
  name: string | undefined
  tree: MappingTree
  inputs: Map<string, Port>
  outputs: Map<string, OutputPort>
  steps: Map<string, StepDefinition>
  /** Which step's output each of the pipeline's outputs is. */
  bindings: Map<string, { step: string; output: string }>
  /** Steps that a loop runs, which gives them inputs too. */
  loopBodies: Set<string>
}

export interface StepDefinition {
  name: string
  tree: MappingTree
  /** Undefined when it could not be read; then an error says so. */
  component: Definition | undefined
  /** As written; null entries are left out. */
  inputs: Map<string, Tree>
  outputs: Map<string, StepOutput>
  /** What the step sets over its component's own. */
  environment: EnvironmentSpec | undefined
  environmentVariables: Record<string, string>
  timeoutSeconds: Late<number> | undefined
  distribution: DistributionDefinition | undefined
}

export interface StepOutput extends OutputPort {
  /** The enclosing pipeline's output that this one is. */
  parentOutput: string | undefined
}

/** What reading a definition needs. */
export interface Reading {
  library: Library
  findings: Findings
  /** The component that a step's `component:` names; undefined with an error when there is none. */
  component(reference: Tree): Definition | undefined
}
