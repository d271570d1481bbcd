import type { CommandDefinition, Reading } from './definitions.ts'
import { booleanEntry, mappingEntry, positiveIntegerEntry, textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { checkPlaceholders } from './placeholders.ts'
import { readCode } from './read-code.ts'
import { readEnvironment, readEnvironmentVariables } from './read-environment.ts'
import { at, atKey, atMissing, entry, type MappingTree, scalarText, toJson } from './yaml-tree.ts'

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
    findings.error(atKey(includes), 'unsupported-key', 'additional_includes is not supported here')
  checkDistribution(tree, findings)
  return {
    kind: 'command',
    name: ports.inline ? undefined : textEntry(tree, 'name', findings),
    tree,
    ...ports,
    command: readCommandLine(tree, ports, findings),
    code: readCode(tree, { library, findings }),
    environment: environment && readEnvironment(environment, library),
    environmentVariables: readEnvironmentVariables(tree, library),
    timeoutSeconds: readTimeout(tree, findings),
    deterministic: booleanEntry(tree, 'is_deterministic', findings) ?? true,
    spec: readSpec(tree, ports),
  }
}

/** `limits.timeout` in seconds. */
export function readTimeout(tree: MappingTree, findings: Findings): number | undefined {
  const limits = mappingEntry(tree, 'limits', findings)
  if (!limits) return undefined
  warnUnknownKeys(limits, KNOWN.limits, findings)
  return positiveIntegerEntry(limits, 'timeout', findings)
}

/** Refuses what needs several machines; one machine runs the rest as one process. */
export function checkDistribution(tree: MappingTree, findings: Findings): void {
  const distribution = mappingEntry(tree, 'distribution', findings)
  if (!distribution) return
  warnUnknownKeys(distribution, KNOWN.distribution, findings)
  const type = entry(distribution, 'type')
  const name = scalarText(type)?.toLowerCase()
  if (type && name !== 'pytorch' && name !== 'tensorflow') {
    findings.error(at(type), 'unsupported-distribution', `distribution '${name}' cannot run here`)
  } else findings.ignored(atKey(distribution), 'distribution', 'the step runs as one process')
}

function readCommandLine(
  tree: MappingTree,
  ports: Pick<CommandDefinition, 'inputs' | 'outputs' | 'inline'>,
  findings: Findings,
): string {
  const command = entry(tree, 'command')
  if (!command || (command.kind === 'scalar' && command.text.trim() === '')) {
    const message = tree.name ? `step '${tree.name}' has no command` : 'the component has no command'
    findings.error(
      command ? at(command) : atMissing(tree, 'command'),
      'missing-command',
      message,
      "add 'command:'",
    )
    return ''
  }
  if (command.kind !== 'scalar') return wrongType(command, 'text', findings) ?? ''
  checkPlaceholders(command, ports, findings)
  return command.text
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
