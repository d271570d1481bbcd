import type { EarlyTermination } from '../plan.ts'
import { integerEntry, mappingEntry, numberEntry } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atMissing, entry, type MappingTree, scalarText } from './yaml-tree.ts'

const POLICIES = ['bandit', 'median_stopping', 'truncation_selection']

/** `early_termination:` of a sweep; Azure ML checks at every report when the file does not say an interval. */
export function readEarlyTermination(tree: MappingTree, findings: Findings): EarlyTermination | undefined {
  const policy = mappingEntry(tree, 'early_termination', findings)
  if (!policy) return undefined
  warnUnknownKeys(policy, KNOWN.earlyTermination, findings)
  const when = {
    evaluationInterval: integerEntry(policy, 'evaluation_interval', 0, findings) || 1,
    delayEvaluation: integerEntry(policy, 'delay_evaluation', 0, findings) ?? 0,
  }
  const kind = readKind(policy, findings)
  if (kind === 'bandit') return readBandit(policy, when, findings)
  if (kind === 'truncation_selection') return readTruncation(policy, when, findings)
  return kind && { kind, ...when }
}

type When = Pick<EarlyTermination, 'evaluationInterval' | 'delayEvaluation'>

function readKind(policy: MappingTree, findings: Findings): EarlyTermination['kind'] | undefined {
  const type = entry(policy, 'type')
  const name = (scalarText(type) ?? '').replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
  if (POLICIES.includes(name)) return name as EarlyTermination['kind']
  const message = type ? `unknown early termination '${name}'` : 'the early termination has no type'
  const suggestion = didYouMeanOneOf(name, POLICIES, 'types')
  findings.error(type ? at(type) : atMissing(policy, 'type'), 'unknown-type', message, suggestion)
  return undefined
}

function readBandit(policy: MappingTree, when: When, findings: Findings): EarlyTermination | undefined {
  const slackFactor = positive(policy, 'slack_factor', findings)
  const slackAmount = positive(policy, 'slack_amount', findings)
  const given = ['slack_factor', 'slack_amount'].filter(name => entry(policy, name))
  if (given.length === 1) return { kind: 'bandit', ...when, slackFactor, slackAmount }
  const [spot, message] =
    given.length === 0
      ? [atMissing(policy, 'slack_factor'), 'a bandit needs a slack']
      : [at(entry(policy, 'slack_amount')!), "a bandit takes 'slack_factor' or 'slack_amount', not both"]
  findings.error(spot, 'bad-slack', message, "give 'slack_factor' or 'slack_amount'")
  return undefined
}

function positive(policy: MappingTree, name: string, findings: Findings): number | undefined {
  const value = numberEntry(policy, name, findings)
  if (value === undefined || value >= 0) return value
  findings.error(at(entry(policy, name)!), 'out-of-range', `'${name}' must not be negative`)
  return undefined
}

function readTruncation(policy: MappingTree, when: When, findings: Findings): EarlyTermination | undefined {
  const share = integerEntry(policy, 'truncation_percentage', 1, findings)
  if (share !== undefined && share <= 99) {
    return { kind: 'truncation_selection', ...when, truncationPercentage: share }
  }
  const value = entry(policy, 'truncation_percentage')
  if (value && share === undefined) return undefined
  const spot = value ? at(value) : atMissing(policy, 'truncation_percentage')
  const message = 'a truncation selection needs a percentage from 1 to 99'
  findings.error(spot, value ? 'out-of-range' : 'missing-key', message, "give 'truncation_percentage: 20'")
  return undefined
}
