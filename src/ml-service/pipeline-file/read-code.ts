import { hasCode } from './code-folder.ts'
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
  if (!disk.exists(folder))
    findings.error(
      at(code),
      'code-not-found',
      `the code folder ${folder} does not exist`,
      pathHint(text, tree.file, disk),
    )
  else if (!disk.isFolder(folder)) findings.error(at(code), 'code-not-a-folder', `${folder} is not a folder`)
  else if (disk.isEmptyFolder(folder))
    findings.error(at(code), 'empty-code', `the code folder ${folder} is empty`)
  else if (!hasCode(folder, disk)) {
    const message = `the code folder ${folder} has no files but those that are ignored`
    findings.error(at(code), 'empty-code', message, 'look into its .amlignore or .gitignore')
  }
  return folder
}
