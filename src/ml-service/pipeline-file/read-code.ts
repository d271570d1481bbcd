import type { Reading } from './definitions.ts'
import { textEntry } from './entries.ts'
import { resolveIn } from './library.ts'
import { pathHint } from './path-hint.ts'
import { at, entry, type MappingTree } from './yaml-tree.ts'

/** The absolute folder of `code:`; undefined for none. Errors when it is missing, empty or not local. */
export function readCode(
  tree: MappingTree,
  { library, findings }: Pick<Reading, 'library' | 'findings'>,
): string | undefined {
  const code = entry(tree, 'code')
  const text = textEntry(tree, 'code', findings)
  if (!code || !text) return undefined
  if (/^(?:azureml:|git\+|[a-z]+:\/\/)/i.test(text)) {
    findings.unsupported(at(code), 'unsupported-code', `code must be a local folder here, not '${text}'`)
    return undefined
  }
  const folder = resolveIn(tree.file, text)
  const { disk } = library
  if (!disk.exists(folder)) {
    const message = `the code folder ${folder} does not exist`
    findings.error(at(code), 'code-not-found', message, pathHint(text, tree.file, disk))
  } else if (!disk.isFolder(folder)) {
    findings.warning(at(code), 'code-not-a-folder', `${folder} is one file: the step gets nothing else`)
  } else if (disk.isEmptyFolder(folder)) {
    const ignored = disk.list(folder).length > 0
    const message = ignored
      ? `nothing is left of the code folder ${folder}: its ignore file leaves everything out`
      : `the code folder ${folder} is empty`
    findings.error(at(code), 'empty-code', message)
  }
  return folder
}
