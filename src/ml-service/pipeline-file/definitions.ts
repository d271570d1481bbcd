import type { DataType, EnvironmentSpec } from '../plan.ts'
import type { Findings } from './findings.ts'
import type { Library } from './library.ts'
import type { MappingTree, ScalarTree, Tree } from './yaml-tree.ts'

/** What the files say, before anything is bound. `tree` always keeps the whole of it, with positions. */
export type Definition = CommandDefinition | PipelineDefinition

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
  path: string | undefined
  tree: Tree
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
  timeoutSeconds: number | undefined
  deterministic: boolean
  /** Written inside the step: its inputs are what the step sets. */
  inline: boolean
  /** See PlannedStep.spec. */
  spec: string
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
  timeoutSeconds: number | undefined
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
