import type { SearchSpace } from '../plan.ts'
import { numberEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { warnUnknownKeys } from './known-keys.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atMissing, entry, type MappingTree, scalarText, type Tree } from './yaml-tree.ts'

const KEYS: Record<SearchSpace['kind'], string[]> = {
  choice: ['values'],
  randint: ['upper'],
  uniform: ['min_value', 'max_value'],
  loguniform: ['min_value', 'max_value'],
  quniform: ['min_value', 'max_value', 'q'],
  qloguniform: ['min_value', 'max_value', 'q'],
  normal: ['mu', 'sigma'],
  lognormal: ['mu', 'sigma'],
  qnormal: ['mu', 'sigma', 'q'],
  qlognormal: ['mu', 'sigma', 'q'],
}

/** One entry of `search_space:`; undefined with an error when it can't be sampled from. */
export function readSearchSpace(tree: Tree, findings: Findings): SearchSpace | undefined {
  if (tree.kind !== 'mapping') return wrongType(tree, "a mapping with 'type'", findings)
  const kind = readKind(tree, findings)
  if (!kind) return undefined
  warnUnknownKeys(tree, new Set(['type', ...KEYS[kind]]), findings)
  const missing = KEYS[kind].find(key => !entry(tree, key))
  if (missing !== undefined) {
    const message = `a search space of type '${kind}' needs '${missing}'`
    findings.error(atMissing(tree, missing), 'missing-key', message, `add '${missing}: …'`)
    return undefined
  }
  return kind === 'choice' ? readChoice(tree, findings) : readDistributed(kind, tree, findings)
}

function readKind(tree: MappingTree, findings: Findings): SearchSpace['kind'] | undefined {
  const type = entry(tree, 'type')
  const name = scalarText(type)?.toLowerCase().replaceAll('_', '') ?? ''
  if (Object.hasOwn(KEYS, name)) return name as SearchSpace['kind']
  const suggestion = didYouMeanOneOf(name, Object.keys(KEYS), 'types')
  const message = type
    ? `unknown type of search space '${name}'`
    : `the search space '${tree.name}' has no type`
  findings.error(type ? at(type) : atMissing(tree, 'type'), 'unknown-type', message, suggestion)
  return undefined
}

function readChoice(tree: MappingTree, findings: Findings): SearchSpace | undefined {
  const list = entry(tree, 'values')!
  if (list.kind !== 'list' || list.items.length === 0) {
    return wrongType(list, 'a list with at least one value', findings)
  }
  const nested = list.items.find(item => item.kind !== 'scalar')
  if (nested) return wrongType(nested, 'a single value', findings)
  return { kind: 'choice', values: list.items.map(item => (item.kind === 'scalar' ? item.text : '')) }
}

type Distributed = Exclude<SearchSpace['kind'], 'choice'>

function readDistributed(kind: Distributed, tree: MappingTree, findings: Findings): SearchSpace | undefined {
  const numbers = KEYS[kind].map(key => numberEntry(tree, key, findings))
  if (numbers.includes(undefined) || !inOrder(kind, tree, numbers as number[], findings)) return undefined
  const [first, second, q] = numbers as [number, number, number]
  if (kind === 'randint') return { kind, upper: first }
  if (kind === 'uniform' || kind === 'loguniform') return { kind, min: first, max: second }
  if (kind === 'quniform' || kind === 'qloguniform') return { kind, min: first, max: second, q }
  if (kind === 'normal' || kind === 'lognormal') return { kind, mu: first, sigma: second }
  return { kind, mu: first, sigma: second, q }
}

function inOrder(kind: Distributed, tree: MappingTree, numbers: number[], findings: Findings): boolean {
  const fault = rangeFault(kind, numbers)
  if (!fault) return true
  findings.error(at(entry(tree, fault.key)!), 'out-of-range', fault.message)
  return false
}

function rangeFault(kind: Distributed, [first, second, q]: number[]) {
  if (kind === 'randint') {
    const whole = Number.isInteger(first) && first! > 0
    return whole ? undefined : { key: 'upper', message: "'upper' must be a whole number greater than 0" }
  }
  if (kind.endsWith('uniform') && first! > second!) {
    return { key: 'max_value', message: `'max_value' (${second}) is less than 'min_value' (${first})` }
  }
  if (kind.endsWith('normal') && !(second! > 0))
    return { key: 'sigma', message: "'sigma' must be greater than 0" }
  return q !== undefined && !(q > 0) ? { key: 'q', message: "'q' must be greater than 0" } : undefined
}
