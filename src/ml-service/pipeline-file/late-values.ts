import type { Distribution } from '../plan.ts'
import { resolveExpression, type Scope, textOf } from './bind-value.ts'
import type { DistributionDefinition, Late } from './definitions.ts'
import { interpolate, parseBinding, wholeExpression } from './expressions.ts'
import { at, type ScalarTree } from './yaml-tree.ts'

/** A whole number greater than zero, also by an expression; undefined with an error when it is none. */
export function lateInteger(value: Late<number> | undefined, scope: Scope): number | undefined {
  if (typeof value !== 'object') return value
  const bound = resolveExpression(wholeExpression(value.text) ?? '', scope)
  if (bound === 'broken') return undefined
  const text = bound === 'none' ? undefined : textOf(bound)
  if (text !== undefined && /^[1-9]\d{0,11}$/.test(text)) return Number(text)
  const message = `'${value.name}' must be a whole number greater than 0, not '${text ?? value.text}'`
  scope.library.findings.error(at(value), 'wrong-type', message)
  return undefined
}

export function lateDistribution(
  value: DistributionDefinition | undefined,
  scope: Scope,
): Distribution | undefined {
  return value && { type: value.type, processes: lateInteger(value.processes, scope) ?? 1 }
}

/** The text with what it says about inputs of the enclosing pipeline filled in; the rest stays as it is. */
export function lateText(text: string, scope: Scope): string {
  if (!text.includes('${{')) return text
  const filled = interpolate(text, inner => {
    const bound = parseBinding(inner)?.to === 'parent-input' ? resolveExpression(inner, scope) : undefined
    return (typeof bound === 'object' ? textOf(bound) : undefined) ?? `\${{${inner}}}`
  })
  return filled ?? text
}

export function latePath(path: ScalarTree | undefined, scope: Scope): string | undefined {
  return path && lateText(path.text, scope)
}
