import type { Sweep } from '../plan.ts'
import { integerEntry, textEntry, wrongType } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atMissing, entry, type MappingTree, type Tree } from './yaml-tree.ts'

const ALGORITHMS = ['random', 'grid', 'bayesian']
const RULES = ['random', 'sobol']

type Sampling = Sweep['sampling']

/** `sampling_algorithm:` as a word or as `{type, seed, rule}`; undefined with an error when it can't be used here. */
export function readSampling(tree: MappingTree, findings: Findings): Sampling | undefined {
  const algorithm = entry(tree, 'sampling_algorithm')
  if (!algorithm) return missing(tree, findings)
  if (algorithm.kind === 'list') return wrongType(algorithm, 'a word or a mapping', findings)
  if (algorithm.kind === 'scalar') return sampling(algorithm.text, algorithm, undefined, undefined, findings)
  warnUnknownKeys(algorithm, KNOWN.sampling, findings)
  const type = textEntry(algorithm, 'type', findings)
  const rule = readRule(algorithm, findings)
  const seed = integerEntry(algorithm, 'seed', 0, findings)
  if (type !== undefined) return sampling(type, entry(algorithm, 'type')!, rule, seed, findings)
  const message = 'the sampling algorithm has no type'
  findings.error(atMissing(algorithm, 'type'), 'missing-type', message, "add 'type: random'")
  return undefined
}

function missing(tree: MappingTree, findings: Findings): undefined {
  const message = `step '${tree.name}' does not say how to sample`
  const suggestion = "add 'sampling_algorithm: random'"
  findings.error(atMissing(tree, 'sampling_algorithm'), 'missing-key', message, suggestion)
}

function sampling(
  type: string,
  spot: Tree,
  rule: string | undefined,
  seed: number | undefined,
  findings: Findings,
): Sampling | undefined {
  const name = type.toLowerCase()
  if (name === 'random') return { kind: rule === 'sobol' ? 'sobol' : 'random', seed }
  if (name === 'grid') return { kind: 'grid', seed: undefined }
  if (name === 'bayesian') {
    const message = 'bayesian sampling cannot be done here, only random, sobol and grid'
    findings.unsupported(at(spot), 'unsupported-sampling', message)
    return undefined
  }
  const suggestion =
    name === 'sobol' ? "write '{type: random, rule: sobol}'" : didYouMeanOneOf(name, ALGORITHMS, 'algorithms')
  findings.error(at(spot), 'unknown-type', `unknown sampling algorithm '${type}'`, suggestion)
  return undefined
}

function readRule(algorithm: MappingTree, findings: Findings): string | undefined {
  const text = textEntry(algorithm, 'rule', findings)
  const rule = text?.toLowerCase()
  if (rule === undefined || RULES.includes(rule)) return rule
  const suggestion = didYouMeanOneOf(rule, RULES, 'rules')
  findings.error(at(entry(algorithm, 'rule')!), 'unknown-type', `unknown rule '${text}'`, suggestion)
  return undefined
}
