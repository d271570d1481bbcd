import type { CommandDefinition, Port } from './definitions.ts'
import {
  type Expression,
  expressionsIn,
  hasUnclosedExpression,
  inputName,
  outputName,
} from './expressions.ts'
import type { Findings } from './findings.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { atFragment, type ScalarTree, type Tree } from './yaml-tree.ts'

type Ports = Pick<CommandDefinition, 'inputs' | 'outputs'>

/** Every `${{ … }}` of a command must name an input or output, and optional inputs stand in `$[[ ]]`. */
export function checkPlaceholders(command: ScalarTree, ports: Ports, findings: Findings): void {
  for (const expression of expressionsIn(command.text)) checkPlaceholder(expression, command, ports, findings)
  if (hasUnclosedExpression(command.text)) {
    const message = "'${{' without '}}'"
    findings.error(atFragment(command, '${{'), 'bad-expression', message, "write '${{inputs.name}}'")
  }
}

function checkPlaceholder(
  expression: Expression,
  command: Tree,
  { inputs, outputs }: Ports,
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
