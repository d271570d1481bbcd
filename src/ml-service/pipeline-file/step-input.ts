import { bindValue, type Scope } from './bind-value.ts'
import { checkAgainstPort, type Value } from './check-port.ts'
import type { Port, StepDefinition } from './definitions.ts'
import type { Library } from './library.ts'
import { didYouMean } from './suggest.ts'
import { at, atMissing, type Spot } from './yaml-tree.ts'

/** What a step's input has in the end: the bound value, the port's default, or nothing when it is optional. */
export function stepInput(step: StepDefinition, name: string, scope: Scope): Value {
  const port = step.component!.inputs.get(name)
  if (!port) return 'broken'
  const tree = step.inputs.get(name)
  const value = tree ? bindValue(tree, port, scope) : 'none'
  if (value !== 'none') return value
  if (port.default) return defaultValue(port, scope.library)
  if (port.optional || scope.definition.loopBodies.has(step.name)) return 'none'
  const bound = tree
    ? { spot: at(tree), message: `'${name}' is bound to an input without a value` }
    : undefined
  return missing(step, port, bound, scope)
}

function defaultValue(port: Port, library: Library): Value {
  const { text, type } = port.default!
  if (type === 'null') return 'none'
  const value = { kind: 'literal', type: type as 'string', value: text } as const
  return checkAgainstPort(value, port, at(port.default!), library)
}

function missing(
  step: StepDefinition,
  port: Port,
  bound: { spot: Spot; message: string } | undefined,
  { library }: Scope,
): Value {
  const inputs = step.tree.entries.get('inputs')
  const owner = inputs?.kind === 'mapping' ? inputs : step.tree
  const path = inputs?.kind === 'mapping' ? port.name : `inputs.${port.name}`
  const spot = bound?.spot ?? atMissing(owner, path)
  const kind = port.type === undefined ? '' : ` (${port.type})`
  const message =
    bound?.message ?? `step '${step.name}' does not set the required input '${port.name}'${kind}`
  const unknown = [...step.inputs.keys()].filter(name => !step.component!.inputs.has(name))
  const typo = unknown.find(name => didYouMean(name, [port.name]))
  const suggestion = typo ? `rename '${typo}' to '${port.name}'` : `add '${port.name}: …' to its inputs`
  library.findings.error(spot, 'missing-input', message, bound ? undefined : suggestion)
  return 'broken'
}
