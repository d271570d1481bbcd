import type { CommandDefinition, Port, Reading } from './definitions.ts'
import { booleanEntry, mappingEntry, positiveIntegerEntry, textEntry, wrongType } from './entries.ts'
import {
  type Expression,
  expressionsIn,
  hasUnclosedExpression,
  inputName,
  outputName,
} from './expressions.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { resolveIn } from './library.ts'
import { readEnvironment, readEnvironmentVariables } from './read-environment.ts'
import { didYouMeanOneOf } from './suggest.ts'
import {
  at,
  atFragment,
  atKey,
  atMissing,
  entry,
  type MappingTree,
  scalarText,
  type Tree,
  toJson,
} from './yaml-tree.ts'

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
  for (const expression of expressionsIn(command.text)) checkPlaceholder(expression, command, ports, findings)
  if (hasUnclosedExpression(command.text)) {
    const message = "'${{' without '}}'"
    findings.error(atFragment(command, '${{'), 'bad-expression', message, "write '${{inputs.name}}'")
  }
  return command.text
}

function checkPlaceholder(
  expression: Expression,
  command: Tree,
  { inputs, outputs }: Pick<CommandDefinition, 'inputs' | 'outputs'>,
  findings: Findings,
): void {
  const input = inputName(expression.inner)
  const output = outputName(expression.inner)
  const spot = atFragment(command, expression.text)
  if (input !== undefined) {
    const port = inputs.get(input)
    if (port) checkBrackets(expression, port, command, findings)
    else unknownPlaceholder('input', input, inputs.keys())
  } else if (output !== undefined) {
    if (!outputs.has(output)) unknownPlaceholder('output', output, outputs.keys())
  } else {
    const message = `'${expression.text}' has no meaning in a command`
    findings.error(
      spot,
      'bad-expression',
      message,
      commandHint(expression.inner, inputs.keys(), outputs.keys()),
    )
  }
  function unknownPlaceholder(what: string, name: string, known: Iterable<string>) {
    const suggestion = didYouMeanOneOf(name, known, `${what}s`) ?? `declare '${name}' under ${what}s`
    findings.error(spot, 'unknown-placeholder', `the command names an unknown ${what} '${name}'`, suggestion)
  }
}

function checkBrackets(expression: Expression, port: Port, command: Tree, findings: Findings): void {
  if (port.type === undefined || port.optional === expression.optional) return
  const spot = atFragment(command, expression.text)
  const wrapped = `$[[ … ${expression.text} ]]`
  if (expression.optional) {
    const message = `the required input '${port.name}' stands inside '$[[ ]]'`
    findings.error(spot, 'required-in-brackets', message, `make it 'optional: true' or remove the brackets`)
    return
  }
  const message = `the optional input '${port.name}' stands outside '$[[ ]]'`
  if (port.default) findings.warning(spot, 'optional-outside-brackets', message, `write '${wrapped}'`)
  else findings.error(spot, 'optional-outside-brackets', message, `write '${wrapped}'`)
}

function commandHint(inner: string, inputs: Iterable<string>, outputs: Iterable<string>): string | undefined {
  if (inner.startsWith('parent.')) return "pass it to the step under inputs, then write '${{inputs.name}}'"
  const known = [...[...inputs].map(name => `inputs.${name}`), ...[...outputs].map(name => `outputs.${name}`)]
  return didYouMeanOneOf(inner, known, 'known')
}

function readCode(
  tree: MappingTree,
  { library, findings }: Pick<Reading, 'library' | 'findings'>,
): string | undefined {
  const code = entry(tree, 'code')
  const text = textEntry(tree, 'code', findings)
  if (!code || !text) return undefined
  if (/^(?:azureml:|git\+|[a-z]+:\/\/)/i.test(text)) {
    findings.error(at(code), 'unsupported-code', `code must be a local folder here, not '${text}'`)
    return undefined
  }
  const folder = resolveIn(tree.file, text)
  const { disk } = library
  if (!disk.exists(folder))
    findings.error(at(code), 'code-not-found', `the code folder ${folder} does not exist`)
  else if (!disk.isFolder(folder)) findings.error(at(code), 'code-not-a-folder', `${folder} is not a folder`)
  else if (disk.isEmptyFolder(folder))
    findings.error(at(code), 'empty-code', `the code folder ${folder} is empty`)
  return folder
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
