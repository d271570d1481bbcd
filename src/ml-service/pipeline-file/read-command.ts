import type { CommandDefinition, Late, Reading } from './definitions.ts'
import { booleanEntry, lateIntegerEntry, mappingEntry, textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { checkPlaceholders } from './placeholders.ts'
import { readCode } from './read-code.ts'
import { readDistribution } from './read-distribution.ts'
import { readEnvironment, readEnvironmentVariables } from './read-environment.ts'
import { at, atKey, atMissing, entry, type MappingTree, toJson } from './yaml-tree.ts'

/** Keys that change what a step does; the rest (names, descriptions, code, environment) is not part of its spec. */
const SPEC_KEYS = ['name', 'version', 'command', 'distribution', 'resources', 'inputs']

const INLINE_SPEC_KEYS = ['command', 'distribution', 'resources']

/** What command components and inline command steps have in common. */
export function readCommand(
  tree: MappingTree,
  ports: Pick<CommandDefinition, 'inputs' | 'outputs' | 'inline'>,
  { library, findings }: Reading,
): CommandDefinition {
  const environment = entry(tree, 'environment')
  const includes = entry(tree, 'additional_includes')
  if (includes)
    findings.unsupported(atKey(includes), 'unsupported-key', "'additional_includes' cannot be used here")
  const line = readCommandLine(tree, ports, findings)
  return {
    kind: 'command',
    name: ports.inline ? undefined : textEntry(tree, 'name', findings),
    tree,
    ...ports,
    command: line.command,
    searched: line.searched,
    sweep: undefined,
    distribution: readDistribution(tree, findings),
    code: readCode(tree, { library, findings }),
    environment: environment && readEnvironment(environment, library),
    environmentVariables: readEnvironmentVariables(tree, library),
    timeoutSeconds: readTimeout(tree, findings),
    deterministic: booleanEntry(tree, 'is_deterministic', findings) ?? true,
    spec: readSpec(tree, ports),
  }
}

/** `limits.timeout` in seconds. */
export function readTimeout(tree: MappingTree, findings: Findings): Late<number> | undefined {
  const limits = mappingEntry(tree, 'limits', findings)
  if (!limits) return undefined
  warnUnknownKeys(limits, KNOWN.limits, findings)
  return lateIntegerEntry(limits, 'timeout', findings)
}

function readCommandLine(
  tree: MappingTree,
  ports: Pick<CommandDefinition, 'inputs' | 'outputs' | 'inline'>,
  findings: Findings,
): Pick<CommandDefinition, 'command' | 'searched'> {
  const command = entry(tree, 'command')
  if (!command || (command.kind === 'scalar' && command.text.trim() === '')) {
    const message = tree.name ? `step '${tree.name}' has no command` : 'the component has no command'
    findings.error(
      command ? at(command) : atMissing(tree, 'command'),
      'missing-command',
      message,
      "add 'command:'",
    )
    return { command: '', searched: [] }
  }
  if (command.kind !== 'scalar') {
    wrongType(command, 'text', findings)
    return { command: '', searched: [] }
  }
  return { command: command.text, searched: checkPlaceholders(command, ports, findings) }
}

function readSpec(tree: MappingTree, ports: Pick<CommandDefinition, 'outputs' | 'inline'>): string {
  const keys = ports.inline ? INLINE_SPEC_KEYS : SPEC_KEYS
  const entries = keys.flatMap(key => {
    const value = entry(tree, key)
    return value ? [[key, toJson(value)]] : []
  })
  const outputs = [...ports.outputs].map(([name, port]) => [name, port.type ?? 'uri_folder'])
  return JSON.stringify({ ...Object.fromEntries(entries), outputs: Object.fromEntries(outputs.sort()) })
}
