import { componentPath, type Registry } from './component-path.ts'
import type { CommandDefinition, Definition, Reading } from './definitions.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import type { Library } from './library.ts'
import { pathHint } from './path-hint.ts'
import { readCommand } from './read-command.ts'
import { readForeignComponent } from './read-foreign.ts'
import { readPipeline } from './read-pipeline.ts'
import { readInputPorts, readOutputPorts } from './read-ports.ts'
import { isForeign, stepType } from './step-type.ts'
import { warnWithoutEffect } from './without-effect.ts'
import { at, atMissing, entry, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

/** Makes what is needed to read definitions; each component file is read once. */
export function startReading(library: Library, registry: Registry): Reading {
  const known = new Map<string, Definition | undefined | 'reading'>()
  const { findings } = library
  const reading: Reading = {
    library,
    findings,
    component(reference) {
      if (reference.kind === 'mapping') return readComponent(reference, reading)
      const path = componentPath(reference, registry, findings)
      return path === undefined ? undefined : fromFile(path, reference, known, reading)
    },
  }
  return reading
}

/** A component by its own file or inline; undefined with an error when it has no type that there is. */
export function readComponent(tree: MappingTree, reading: Reading): Definition | undefined {
  const type = stepType(tree, reading.findings)
  if (!type) return undefined
  if (isFlow(tree)) return refuseFlow(tree, reading)
  if (isForeign(type)) return readForeignComponent(type, tree, reading)
  if (type === 'pipeline') return readPipeline(tree, 'component', reading)
  if (type === 'sweep') return reportSweep(tree, reading)
  if (!entry(tree, 'jobs') || entry(tree, 'type')) return readCommandComponent(tree, reading)
  const message = 'the component has jobs but no type'
  reading.findings.error(atMissing(tree, 'type'), 'missing-type', message, "add 'type: pipeline'")
  return readPipeline(tree, 'component', reading)
}

/** A prompt flow, which Azure ML makes a component of. */
function isFlow(tree: MappingTree): boolean {
  return /promptflow/i.test(scalarText(entry(tree, '$schema')) ?? '') || entry(tree, 'nodes') !== undefined
}

function refuseFlow(tree: MappingTree, { findings }: Reading): undefined {
  findings.unsupported(at(tree), 'unsupported-component', 'a prompt flow runs on Azure ML only')
}

function reportSweep(tree: MappingTree, { findings }: Reading): undefined {
  const message = 'a sweep is a step or a job, not a component'
  const suggestion = "write 'type: sweep' and 'trial: ./component.yml' in the step"
  findings.error(at(entry(tree, 'type')!), 'wrong-type', message, suggestion)
}

function readCommandComponent(tree: MappingTree, reading: Reading): CommandDefinition {
  warnUnknownKeys(tree, KNOWN.command, reading.findings)
  warnWithoutEffect(tree, reading.findings)
  const inputs = readInputPorts(tree, 'component', reading.findings)
  const outputs = readOutputPorts(tree, 'component', reading.findings)
  return readCommand(tree, { inputs, outputs, inline: false }, reading)
}

function fromFile(
  path: string,
  reference: Tree,
  known: Map<string, Definition | undefined | 'reading'>,
  reading: Reading,
): Definition | undefined {
  const before = known.get(path)
  if (before === 'reading') {
    reading.findings.error(at(reference), 'recursive-component', `the component ${path} contains itself`)
    return undefined
  }
  if (known.has(path)) return before
  known.set(path, 'reading')
  const hint = pathHint(scalarText(reference) ?? '', reference.file, reading.library.disk)
  const suggestion = hint ?? 'the path is relative to this file'
  const tree = reading.library.mapping(path, at(reference), 'component-not-found', suggestion)
  const component = tree && readComponent(tree, reading)
  known.set(path, component)
  return component
}
