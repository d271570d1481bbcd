import type { StepDefinition } from './definitions.ts'
import { isControlFlow } from './step-type.ts'
import { entry, type MappingTree, type ScalarTree, scalarText, type Tree } from './yaml-tree.ts'

/** Settings of a step that may come from the enclosing pipeline. */
const SETTINGS = ['compute', 'resources', 'limits', 'distribution', 'environment_variables', 'queue_settings']

/** Texts of steps that run on Azure ML only which name their own ports, as a command does. */
const ARGUMENTS = ['args', 'program_arguments', 'input_data', 'append_row_to']

const READ_ELSEWHERE = ['inputs', 'outputs', 'component', 'trial', 'command']

/** The scalars of a step that may hold `${{parent.…}}`: inputs, their `path`s, and settings. */
export function boundScalars(step: StepDefinition): ScalarTree[] {
  const inputs = [...step.inputs.values()].flatMap(tree => inputScalar(tree) ?? [])
  return [...inputs, ...settingScalars(step)]
}

/** The scalar that holds the value of an input: itself, or its `path`. */
export function inputScalar(input: Tree): ScalarTree | undefined {
  const tree = input.kind === 'mapping' ? (entry(input, 'path') ?? entry(input, 'value')) : input
  return tree?.kind === 'scalar' ? tree : undefined
}

/** Steps that run on Azure ML only may have bindings anywhere, as in `training_data` or `condition`. */
export function settingScalars(step: StepDefinition): ScalarTree[] {
  if (foreignType(step) !== undefined) return settingsIn(step.tree)
  return SETTINGS.flatMap(name => withExpressions(step.tree.entries.get(name)))
}

/** Everything that can hold an expression besides inputs and outputs. */
export function settingsIn(tree: MappingTree): ScalarTree[] {
  const trees = [...tree.entries].filter(([name]) => !READ_ELSEWHERE.includes(name))
  return trees.flatMap(([, value]) => withExpressions(value))
}

/** What stands for a command in a step or component that runs on Azure ML only. */
export function argumentsIn(tree: MappingTree): ScalarTree[] {
  return scalarsIn(tree).filter(({ name }) => ARGUMENTS.includes(name))
}

function withExpressions(tree: Tree | undefined): ScalarTree[] {
  const scalars = tree ? scalarsIn(tree) : []
  return scalars.filter(
    ({ name, text }) => !ARGUMENTS.includes(name) && (text.includes('${') || text.includes('parent.')),
  )
}

/** The type of a step that runs on Azure ML only. */
export function foreignType(step: StepDefinition): string | undefined {
  const type = scalarText(entry(step.tree, 'type'))?.toLowerCase()
  if (type !== undefined && isControlFlow(type)) return type
  return step.component?.kind === 'foreign' ? step.component.type : undefined
}

function scalarsIn(tree: Tree): ScalarTree[] {
  if (tree.kind === 'scalar') return [tree]
  const children = tree.kind === 'list' ? tree.items : [...tree.entries.values()]
  return children.flatMap(scalarsIn)
}
