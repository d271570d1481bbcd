import type { SearchSpace, Sweep } from '../plan.ts'
import type { CommandDefinition, Reading, StepDefinition } from './definitions.ts'
import { readEarlyTermination } from './early-termination.ts'
import { integerEntry, mappingEntry, textEntry } from './entries.ts'
import type { Findings } from './findings.ts'
import { gridOf } from './grid.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { readStepInputs } from './ports-of-step.ts'
import { readStepOutputs } from './read-step-outputs.ts'
import { readTrial } from './read-trial.ts'
import { readSampling } from './sampling.ts'
import { readSearchSpace } from './search-space.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atMissing, entry, type MappingTree, toJson } from './yaml-tree.ts'

/** A sweep: its trial's command is the step's command, and the search space gives the trial's inputs their values. */
export function readSweepStep(name: string, tree: MappingTree, reading: Reading): StepDefinition {
  const { findings } = reading
  warnUnknownKeys(tree, KNOWN.sweep, findings)
  const inputs = readStepInputs(tree, findings)
  const outputs = readStepOutputs(tree, findings)
  const trees = mappingEntry(tree, 'search_space', findings)?.entries ?? new Map()
  const sweep = readSweep(tree, findings)
  const trial = readTrial(tree, { inputs, outputs, space: trees }, reading)
  const component = trial && withSweep(trial, sweep, tree)
  const nothing = { environment: undefined, environmentVariables: {}, timeoutSeconds: undefined }
  return { name, tree, component, inputs, outputs, ...nothing, distribution: undefined }
}

/** The parts that decide about a trial's result are part of the step's identity. */
function withSweep(trial: CommandDefinition, sweep: Sweep | undefined, tree: MappingTree): CommandDefinition {
  const keys = ['search_space', 'sampling_algorithm', 'objective', 'limits', 'early_termination']
  const entries = keys.flatMap(key => {
    const value = entry(tree, key)
    return value ? [[key, toJson(value)]] : []
  })
  const spec = JSON.stringify({ ...JSON.parse(trial.spec), ...Object.fromEntries(entries) })
  return { ...trial, spec, sweep }
}

function readSweep(tree: MappingTree, findings: Findings): Sweep | undefined {
  const space = readSpace(tree, findings)
  const sampling = readSampling(tree, findings)
  const objective = readObjective(tree, findings)
  const limits = readLimits(tree, findings)
  const earlyTermination = readEarlyTermination(tree, findings)
  if (!space || !sampling || !objective) return undefined
  const shown = sampling.kind === 'grid' ? gridOf(space, tree, findings) : space
  return { sampling, space: shown, objective, limits, earlyTermination }
}

function readSpace(tree: MappingTree, findings: Findings): Record<string, SearchSpace> | undefined {
  const space = mappingEntry(tree, 'search_space', findings)
  if (!space || space.entries.size === 0) {
    const written = entry(tree, 'search_space')
    const message = `step '${tree.name}' has nothing to search in`
    const suggestion = "add 'search_space:' with at least one entry"
    findings.error(
      written ? at(written) : atMissing(tree, 'search_space'),
      'missing-key',
      message,
      suggestion,
    )
    return undefined
  }
  const entries = [...space.entries].map(([name, value]) => [name, readSearchSpace(value, findings)] as const)
  const known = entries.filter((pair): pair is [string, SearchSpace] => pair[1] !== undefined)
  return Object.fromEntries(known)
}

function readObjective(tree: MappingTree, findings: Findings): Sweep['objective'] | undefined {
  const objective = mappingEntry(tree, 'objective', findings)
  if (!objective) {
    const suggestion = "add 'objective: {goal: minimize, primary_metric: …}'"
    const message = `step '${tree.name}' does not say what the best trial is`
    if (!entry(tree, 'objective'))
      findings.error(atMissing(tree, 'objective'), 'missing-key', message, suggestion)
    return undefined
  }
  warnUnknownKeys(objective, KNOWN.objective, findings)
  const metric = required(objective, 'primary_metric', findings)
  const goal = required(objective, 'goal', findings)
  const known = ['minimize', 'maximize'] as const
  const meant = known.find(one => one === goal?.toLowerCase())
  if (goal !== undefined && !meant) {
    const suggestion = didYouMeanOneOf(goal, known, 'goals')
    findings.error(at(entry(objective, 'goal')!), 'bad-goal', `unknown goal '${goal}'`, suggestion)
  }
  return metric !== undefined && meant ? { metric, goal: meant } : undefined
}

function required(objective: MappingTree, name: string, findings: Findings): string | undefined {
  const text = textEntry(objective, name, findings)
  if (text !== undefined) return text
  const suggestion = `add '${name}: …'`
  if (!entry(objective, name))
    findings.error(atMissing(objective, name), 'missing-key', `the objective has no '${name}'`, suggestion)
  return undefined
}

/** As many trials at once as in total when the file does not say how many; in total 1000, Azure ML's default. */
function readLimits(tree: MappingTree, findings: Findings): Sweep['limits'] {
  const limits = mappingEntry(tree, 'limits', findings)
  if (limits) warnUnknownKeys(limits, KNOWN.sweepLimits, findings)
  const number = (name: string) => limits && integerEntry(limits, name, 1, findings)
  const totalTrials = number('max_total_trials') ?? 1000
  const concurrentTrials = number('max_concurrent_trials') ?? totalTrials
  const concurrent = limits && entry(limits, 'max_concurrent_trials')
  if (concurrent && concurrentTrials > totalTrials) {
    const message = `more trials at once (${concurrentTrials}) than in total (${totalTrials})`
    findings.error(at(concurrent), 'out-of-range', message, `write 'max_concurrent_trials: ${totalTrials}'`)
  }
  return {
    totalTrials,
    concurrentTrials,
    timeoutSeconds: number('timeout'),
    trialTimeoutSeconds: number('trial_timeout'),
  }
}
