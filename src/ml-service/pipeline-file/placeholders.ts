import type { CommandDefinition, Port } from './definitions.ts'
import {
  type Expression,
  expressionsIn,
  inputName,
  outputName,
  searchedName,
  unclosedExpression,
} from './expressions.ts'
import type { Findings } from './findings.ts'
import { checkLookalikes } from './lookalikes.ts'
import { unclosedSegment } from './optional-segments.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { atExpression, type ScalarTree, type Spot } from './yaml-tree.ts'

type Ports = Pick<CommandDefinition, 'inputs' | 'outputs'>

/**
 * Every `${{ … }}` of a command must name an input or output, and optional inputs stand in `$[[ ]]`. Returns what it
 * takes from a search space, which only the sweep that uses it can judge.
 */
export function checkPlaceholders(
  command: ScalarTree,
  ports: Ports,
  findings: Findings,
): CommandDefinition['searched'] {
  const expressions = expressionsIn(command.text)
  const searched = expressions.flatMap(({ inner, index }) => {
    const name = searchedName(inner)
    return name === undefined ? [] : [{ name, spot: atExpression(command, index) }]
  })
  const open = checkSegments(command, expressions, findings)
  for (const one of expressions) {
    const inside = one.index > open ? undefined : one.segment !== undefined
    checkPlaceholder({ ...one, inside }, command, ports, findings)
  }
  const unclosed = unclosedExpression(command.text)
  if (unclosed >= 0) {
    const message = "'${{' without '}}'"
    findings.error(atExpression(command, unclosed), 'bad-expression', message, "write '${{inputs.name}}'")
  }
  checkLookalikes(command, ports, findings)
  return searched
}

/** The step's own port that `inputs.x` or `outputs.y` names must be there. */
export function checkOwnPort(
  inner: string,
  spot: Spot,
  { inputs, outputs }: Ports,
  findings: Findings,
): void {
  const input = inputName(inner)
  const name = input ?? outputName(inner)
  const known = input === undefined ? outputs : inputs
  if (name === undefined || known.has(name)) return
  const what = input === undefined ? 'output' : 'input'
  const suggestion = didYouMeanOneOf(name, known.keys(), `${what}s`) ?? `declare '${name}' under ${what}s`
  findings.error(spot, 'unknown-placeholder', `the command names an unknown ${what} '${name}'`, suggestion)
}

/** Returns where a `$[[` starts that is not closed, so that what follows isn't taken for something outside of it. */
function checkSegments(command: ScalarTree, expressions: Expression[], findings: Findings): number {
  const open = unclosedSegment(command.text)
  if (open < 0 || !expressions.some(one => one.index > open)) return Number.POSITIVE_INFINITY
  const spot = atExpression(command, open, '$[[')
  findings.error(spot, 'bad-expression', "'$[[' without ']]'", "write '$[[ --name ${{inputs.name}} ]]'")
  return open
}

interface Placeholder extends Expression {
  /** Stands in `$[[ ]]`; undefined when that can't be told. */
  inside: boolean | undefined
}

function checkPlaceholder(
  expression: Placeholder,
  command: ScalarTree,
  { inputs, outputs }: Ports,
  findings: Findings,
): void {
  const { inner, text } = expression
  const port = inputs.get(inputName(inner) ?? '')
  const fine = port ? isWellPlaced(expression, port) : outputs.has(outputName(inner) ?? '')
  if (fine || searchedName(inner) !== undefined) return
  const spot = atExpression(command, expression.index)
  if (port) reportMisplaced(expression, port, spot, findings)
  else if (inputName(inner) ?? outputName(inner)) checkOwnPort(inner, spot, { inputs, outputs }, findings)
  else {
    const suggestion = commandHint(inner, inputs.keys(), outputs.keys())
    findings.error(spot, 'bad-expression', `'${text}' has no meaning in a command`, suggestion)
  }
}

/** What inline steps set is neither optional nor required. */
function isWellPlaced({ inside }: Placeholder, port: Port): boolean {
  return port.type === undefined || inside === undefined || port.optional === inside
}

function reportMisplaced({ inside, text }: Placeholder, port: Port, spot: Spot, findings: Findings): void {
  if (inside) {
    const message = `the required input '${port.name}' stands inside '$[[ ]]'`
    findings.error(spot, 'required-in-brackets', message, `make it 'optional: true' or remove the brackets`)
    return
  }
  const message = `the optional input '${port.name}' stands outside '$[[ ]]'`
  const report = port.default ? findings.warning : findings.error
  report(spot, 'optional-outside-brackets', message, `write '$[[ … ${text} ]]'`)
}

function commandHint(inner: string, inputs: Iterable<string>, outputs: Iterable<string>): string | undefined {
  if (inner.startsWith('parent.')) return "pass it to the step under inputs, then write '${{inputs.name}}'"
  const known = [...[...inputs].map(name => `inputs.${name}`), ...[...outputs].map(name => `outputs.${name}`)]
  return didYouMeanOneOf(inner, known, 'known')
}
