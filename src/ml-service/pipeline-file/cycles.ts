import type { PipelineDefinition, StepDefinition } from './definitions.ts'
import { expressionsIn, parseBinding } from './expressions.ts'
import type { Findings } from './findings.ts'
import { boundScalars, foreignType } from './step-scalars.ts'
import { isControlFlow } from './step-type.ts'
import { atFragment, type ScalarTree } from './yaml-tree.ts'

interface Edge {
  to: string
  scalar: ScalarTree
  text: string
}

/** Reports each cycle of steps once, at the binding that closes it, naming its steps. */
export function reportCycles(pipeline: PipelineDefinition, findings: Findings): void {
  const edges = new Map([...pipeline.steps].map(([name, step]) => [name, edgesOf(step, pipeline)]))
  const done = new Set<string>()
  for (const start of pipeline.steps.keys()) {
    if (!done.has(start)) walk(start, edges, done, (cycle, edge) => report(cycle, edge, findings))
  }
}

/** Depth first without recursion: a chain may have thousands of steps. */
function walk(
  start: string,
  edges: Map<string, Edge[]>,
  done: Set<string>,
  found: (cycle: string[], edge: Edge) => void,
): void {
  const path = [{ name: start, next: 0 }]
  const onPath = new Set([start])
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const edge = edges.get(top.name)![top.next++]
    if (!edge) {
      done.add(top.name)
      onPath.delete(top.name)
      path.pop()
    } else if (onPath.has(edge.to)) {
      const names = path.map(one => one.name)
      found(names.slice(names.indexOf(edge.to)), edge)
    } else if (!done.has(edge.to)) {
      path.push({ name: edge.to, next: 0 })
      onPath.add(edge.to)
    }
  }
}

/** A loop may give its body what the body made before. */
function edgesOf(step: StepDefinition, pipeline: PipelineDefinition): Edge[] {
  if (isControlFlow(foreignType(step) ?? '')) return []
  return boundScalars(step).flatMap(scalar =>
    expressionsIn(scalar.text).flatMap(({ inner, text }) => {
      const binding = parseBinding(inner)
      const to = binding && 'step' in binding ? binding.step : undefined
      return to !== undefined && pipeline.steps.has(to) ? [{ to, scalar, text }] : []
    }),
  )
}

/** `a → b` reads: b uses an output of a. */
function report(needs: string[], edge: Edge, findings: Findings): void {
  const cycle = [...needs, needs[0]!].reverse()
  const shown = cycle.length > 12 ? [...cycle.slice(0, 6), '…', ...cycle.slice(-5)] : cycle
  const message =
    needs.length === 1
      ? `step '${needs[0]}' needs its own output`
      : `the steps need each other: ${shown.join(' → ')}`
  findings.error(atFragment(edge.scalar, edge.text), 'cycle', message, 'remove one of these bindings')
}
