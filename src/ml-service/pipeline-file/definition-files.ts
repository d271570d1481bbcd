import { resolve } from 'node:path'
import type { Problem } from '../plan.ts'
import type { Registry } from './component-path.ts'
import type { Definition, PipelineDefinition } from './definitions.ts'
import { localDisk } from './disk.ts'
import { textEntry } from './entries.ts'
import { collectFindings } from './findings.ts'
import { openLibrary } from './library.ts'
import { startReading } from './read-component.ts'
import { readRoot } from './read-root.ts'
import { entry, type MappingTree } from './yaml-tree.ts'

/** What a pipeline or component file is, and everything on disk that it is made of; inputs need no values. */
export interface DefinitionFiles {
  type: 'command' | 'pipeline'
  name: string | undefined
  version: string | undefined
  description: string | undefined
  /** Absolute paths of the definition files that were read: the file itself, components, conda and requirements files. */
  files: string[]
  /** Absolute paths of the code folders. */
  code: string[]
  problems: Problem[]
}

/** Reads a file with everything that it refers to. Never throws. */
export function definitionFiles(file: string, find: Registry['find']): DefinitionFiles {
  const path = resolve(file)
  const findings = collectFindings(path)
  const library = openLibrary(localDisk, findings)
  const outside = { file: { path, text: '' }, offset: 0, key: '' }
  const tree = library.mapping(
    path,
    outside,
    'file-not-found',
    'give the path of a component or pipeline file',
  )
  const root = tree && readRoot(tree, startReading(library, { find, names: () => [] }))
  const text = (key: string) => tree && textEntry(tree, key, findings)
  return {
    type: text('command') === undefined ? 'pipeline' : 'command',
    name: text('name'),
    version: tree && versionOf(tree),
    description: text('description'),
    files: [...library.files],
    code: root ? [...new Set(codeOf(root.pipeline))] : [],
    problems: findings.problems(),
  }
}

/** `1.10` is no number here. */
function versionOf(tree: MappingTree): string | undefined {
  const version = entry(tree, 'version')
  if (version?.kind !== 'scalar' || version.type === 'null') return undefined
  return version.type === 'string' ? version.text : version.source
}

function codeOf(definition: PipelineDefinition): string[] {
  const components = [...definition.steps.values()].map(step => step.component)
  return components.filter(one => one !== undefined).flatMap(codeOfComponent)
}

function codeOfComponent(component: Definition): string[] {
  if (component.kind === 'pipeline') return codeOf(component)
  return component.kind !== 'command' || component.code === undefined ? [] : [component.code]
}
