import type { CommandDefinition, Port, Reading, StepDefinition } from './definitions.ts'
import { wrongType } from './entries.ts'
import { expressionsIn, inputName } from './expressions.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { anyPorts } from './ports-of-step.ts'
import { readCommand } from './read-command.ts'
import { checkEnvironment } from './read-environment.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { atKey, atMissing, entry, type MappingTree, type Tree } from './yaml-tree.ts'

type Given = Pick<StepDefinition, 'inputs' | 'outputs'> & { space: Map<string, Tree> }

/**
 * The command that a sweep runs for each choice of values. `${{search_space.x}}` in it becomes `${{inputs.x}}`, and
 * its inputs are those that the search space does not give.
 */
export function readTrial(tree: MappingTree, given: Given, reading: Reading): CommandDefinition | undefined {
  const trial = entry(tree, 'trial')
  if (!trial) {
    const message = `step '${tree.name}' has no trial`
    reading.findings.error(atMissing(tree, 'trial'), 'missing-trial', message, "add 'trial: ./component.yml'")
    return undefined
  }
  const command = isInline(trial) ? inlineTrial(trial, given, reading) : componentTrial(trial, reading)
  if (!command) return undefined
  checkEnvironment(command.tree, command.environment, reading.findings)
  checkSearched(command, given, reading)
  return {
    ...command,
    command: command.command.replace(/\$\{\{\s*search_space\.([\w.-]+)\s*\}\}/g, '${{inputs.$1}}'),
    inputs: without(command.inputs, given.space),
    searched: [],
  }
}

/** Without ports of its own: then the step's inputs and outputs are the trial's. */
function isInline(trial: Tree): trial is MappingTree {
  return trial.kind === 'mapping' && !entry(trial, 'inputs') && !entry(trial, 'outputs')
}

function inlineTrial(
  trial: MappingTree,
  { inputs, outputs, space }: Given,
  reading: Reading,
): CommandDefinition {
  warnUnknownKeys(trial, KNOWN.command, reading.findings)
  const ports = anyPorts(new Map([...space, ...inputs]))
  return readCommand(trial, { inputs: ports, outputs, inline: true }, reading)
}

function componentTrial(trial: Tree, reading: Reading): CommandDefinition | undefined {
  const component = reading.component(trial)
  if (!component || component.kind === 'command') return component
  return wrongType(trial, 'a command component', reading.findings)
}

/** Both ways: what the command takes from the space is there, and what the space gives is taken. */
function checkSearched(command: CommandDefinition, { inputs, space }: Given, { findings }: Reading): void {
  const searched = new Set(command.searched.map(one => one.name))
  for (const { name, spot } of command.searched) {
    if (space.has(name)) continue
    const suggestion =
      didYouMeanOneOf(name, space.keys(), 'search space') ?? `add '${name}' to the search space`
    const message = `the command names '${name}', which the search space lacks`
    findings.error(spot, 'unknown-placeholder', message, suggestion)
  }
  for (const [name, tree] of space) {
    if (!searched.has(name) && !takes(command, name)) {
      const wanted = command.inline ? [...searched].filter(one => !space.has(one)) : command.inputs.keys()
      reportUnused(name, tree, command, [...wanted], findings)
    }
    const own = inputs.get(name)
    const message = `'${name}' has its values from the search space: this one is ignored`
    if (own) findings.warning(atKey(own), 'ignored-input', message)
  }
}

/** Inline trials have every name as an input, so that only their command can tell. */
function takes({ inline, command, inputs }: CommandDefinition, name: string): boolean {
  if (!inline) return inputs.has(name)
  return expressionsIn(command).some(one => inputName(one.inner) === name)
}

function reportUnused(
  name: string,
  tree: Tree,
  { tree: trial }: CommandDefinition,
  wanted: string[],
  findings: Findings,
): void {
  const message = `the trial takes no '${name}' from the search space`
  const suggestion =
    didYouMeanOneOf(name, wanted, 'inputs') ?? `write '\${{search_space.${name}}}' in its command`
  if (entry(trial, 'command')) findings.error(atKey(tree), 'unused-search-space', message, suggestion)
}

function without(inputs: Map<string, Port>, space: Map<string, Tree>): Map<string, Port> {
  return new Map([...inputs].filter(([name]) => !space.has(name)))
}
