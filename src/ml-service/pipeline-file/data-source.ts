import type { DataType, StepInput } from '../plan.ts'
import type { Findings } from './findings.ts'
import { type Disk, resolveIn } from './library.ts'
import { pathHint } from './path-hint.ts'
import { didYouMean } from './suggest.ts'
import type { SourceFile, Spot } from './yaml-tree.ts'

export const URL_SCHEMES = ['azureml', 'http', 'https', 'wasb', 'wasbs', 'abfs', 'abfss', 'adl']
const DATASET =
  /^azureml:[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?::[A-Za-z0-9][A-Za-z0-9._-]{0,127}|@[A-Za-z0-9._-]{1,128})?$/

export type DataInput = StepInput & { kind: 'data' }

/**
 * What the `path` of a data input means: a local path (made absolute, must exist), a dataset reference, or a URL.
 * Undefined when it is none of these; an error at `spot` says why.
 */
export function dataInput(
  type: DataType,
  value: string,
  file: SourceFile,
  spot: Spot,
  context: { disk: Disk; findings: Findings },
): DataInput | undefined {
  const text = value.trim()
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase()
  if (scheme && scheme !== 'file') return urlInput(type, text, scheme, spot, context.findings)
  if (/^(?:runs|models):\//.test(text)) return { kind: 'data', type, source: { kind: 'url', value: text } }
  if (text.startsWith('azureml:')) return datasetInput(type, text, spot, context.findings)
  const path = resolveIn(file, text.replace(/^file:(?:\/\/)?/, ''))
  if (context.disk.exists(path)) return { kind: 'data', type, source: { kind: 'path', value: path } }
  const hint = referenceHint(text) ?? pathHint(text, file, context.disk)
  context.findings.error(spot, 'path-not-found', `there is no file or folder ${path}`, hint)
  return undefined
}

function urlInput(
  type: DataType,
  text: string,
  scheme: string,
  spot: Spot,
  findings: Findings,
): DataInput | undefined {
  if (URL_SCHEMES.includes(scheme)) return { kind: 'data', type, source: { kind: 'url', value: text } }
  const known = URL_SCHEMES.map(name => `${name}://`)
  findings.error(spot, 'bad-path', `'${scheme}://' can't be read`, didYouMean(`${scheme}://`, known))
  return undefined
}

function datasetInput(type: DataType, text: string, spot: Spot, findings: Findings): DataInput | undefined {
  if (DATASET.test(text)) return { kind: 'data', type, source: { kind: 'dataset', value: text } }
  const suggestion = "write 'azureml:name@latest' or 'azureml:name:version'"
  findings.error(spot, 'bad-reference', `'${text}' is not a dataset reference`, suggestion)
  return undefined
}

function referenceHint(text: string): string | undefined {
  const looksLikeReference = /^[\w.-]+(?:@latest|:\d+)$/.test(text)
  return looksLikeReference ? `did you mean 'azureml:${text}'?` : undefined
}
