import type { Findings } from './findings.ts'
import { resolveIn } from './library.ts'
import { nearest } from './suggest.ts'
import { at, scalarText, type Tree } from './yaml-tree.ts'

/** The components that are registered here by name. */
export interface Registry {
  /**
   * The absolute path of the component's file, as the file `from` means the reference; `azureml:train` and
   * `azureml:train@latest` mean the newest version.
   */
  find(reference: string, from: string): string | undefined
  /** Names (without versions) of what there is, to suggest one. */
  names(): Iterable<string>
}

const REFERENCE =
  /^azureml:([A-Za-z0-9][A-Za-z0-9._-]{0,254})(?::[A-Za-z0-9][A-Za-z0-9._-]*|@[A-Za-z0-9._-]+)?$/

/** The file that a step's `component:` names; undefined with an error when there is none. */
export function componentPath(reference: Tree, registry: Registry, findings: Findings): string | undefined {
  const text = scalarText(reference)?.trim()
  if (!text) {
    findings.error(at(reference), 'wrong-type', 'a component is a path, a reference or a mapping')
    return undefined
  }
  if (/^azureml:\/\/|^\/subscriptions\//.test(text)) return refuseRemote(text, reference, findings)
  if (!text.startsWith('azureml:')) return resolveIn(reference.file, text.replace(/^file:(?:\/\/)?/, ''))
  const name = REFERENCE.exec(text)?.[1]
  if (name === undefined) return reportMalformed(text, reference, findings)
  return registry.find(text, reference.file.path) ?? reportUnknown(text, name, reference, registry, findings)
}

function refuseRemote(text: string, reference: Tree, findings: Findings): undefined {
  const message = `the component '${text}' runs on Azure ML only`
  findings.unsupported(at(reference), 'unsupported-component', message)
}

function reportMalformed(text: string, reference: Tree, findings: Findings): undefined {
  const message = `'${text}' is not a component reference`
  const suggestion = "write 'azureml:name', 'azureml:name:version' or 'azureml:name@latest'"
  findings.error(at(reference), 'bad-reference', message, suggestion)
}

function reportUnknown(
  text: string,
  name: string,
  reference: Tree,
  registry: Registry,
  findings: Findings,
): undefined {
  const names = [...registry.names()]
  const what = names.includes(name)
    ? `the component '${name}' has no such version`
    : `there is no component '${name}' here`
  const near = nearest(
    name,
    names.filter(one => one !== name),
  )
  const register = "register it with 'millwright ml component register FILE'"
  const suggestion = near === undefined ? register : `did you mean '${text.replace(name, near)}'?`
  findings.unsupported(at(reference), 'unknown-component', what, suggestion)
}
