import type { CommandDefinition, Definition, Reading } from './definitions.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { type Library, resolveIn } from './library.ts'
import { readCommand } from './read-command.ts'
import { readPipeline } from './read-pipeline.ts'
import { readInputPorts, readOutputPorts } from './read-ports.ts'
import { checkStepType } from './step-type.ts'
import { at, atMissing, entry, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

/** Finds the file of a component reference such as `azureml:train@latest`, or undefined. */
export type ComponentRegistry = (reference: string) => string | undefined

/** Makes what is needed to read definitions; each component file is read once. */
export function startReading(library: Library, registry: ComponentRegistry): Reading {
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

/** A component by its own file or inline; undefined with an error when its type cannot run here. */
export function readComponent(tree: MappingTree, reading: Reading): Definition | undefined {
  if (!checkStepType(tree, reading.findings)) return undefined
  const type = scalarText(entry(tree, 'type'))?.toLowerCase()
  if (type === 'pipeline') return readPipeline(tree, 'component', reading)
  if (type === undefined && entry(tree, 'jobs')) {
    const message = 'the component has jobs but no type'
    reading.findings.error(atMissing(tree, 'type'), 'missing-type', message, "add 'type: pipeline'")
    return readPipeline(tree, 'component', reading)
  }
  return readCommandComponent(tree, reading)
}

function readCommandComponent(tree: MappingTree, reading: Reading): CommandDefinition {
  warnUnknownKeys(tree, KNOWN.command, reading.findings)
  const inputs = readInputPorts(tree, 'component', reading.findings)
  const outputs = readOutputPorts(tree, reading.findings)
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
  const suggestion = 'the path is relative to this file'
  const tree = reading.library.mapping(path, at(reference), 'component-not-found', suggestion)
  const component = tree && readComponent(tree, reading)
  known.set(path, component)
  return component
}

function componentPath(reference: Tree, registry: ComponentRegistry, findings: Findings): string | undefined {
  const text = scalarText(reference)?.trim()
  if (!text) {
    findings.error(at(reference), 'wrong-type', 'a component is a path, a reference or a mapping')
    return undefined
  }
  if (!/^azureml:|^\/subscriptions\//.test(text)) return resolveIn(reference.file, text.replace(/^file:/, ''))
  const path = text.startsWith('azureml://') ? undefined : registry(text)
  if (path !== undefined) return path
  const message = `the component '${text}' comes from a registry, which cannot be reached here`
  findings.error(
    at(reference),
    'unsupported-component',
    message,
    "use a component file: 'component: ./file.yml'",
  )
  return undefined
}
