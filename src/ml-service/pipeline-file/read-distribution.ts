import type { DistributionDefinition } from './definitions.ts'
import { lateIntegerEntry, mappingEntry } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { didYouMeanOneOf } from './suggest.ts'
import { at, atMissing, entry, type MappingTree, scalarText } from './yaml-tree.ts'

const TYPES = ['pytorch', 'tensorflow', 'mpi', 'ray']

/** How many processes a step has on its one machine; undefined for a single one. Refuses MPI and Ray. */
export function readDistribution(tree: MappingTree, findings: Findings): DistributionDefinition | undefined {
  const distribution = mappingEntry(tree, 'distribution', findings)
  if (!distribution) return undefined
  warnUnknownKeys(distribution, KNOWN.distribution, findings)
  const type = entry(distribution, 'type')
  const name = scalarText(type)?.toLowerCase()
  if (name === 'pytorch') {
    return {
      type: name,
      processes: lateIntegerEntry(distribution, 'process_count_per_instance', findings) ?? 1,
    }
  }
  if (name === 'tensorflow') return { type: name, processes: workers(distribution, findings) }
  reportType(distribution, name, findings)
  return undefined
}

/** Parameter servers are processes of their own, which have no purpose without other machines. */
function workers(distribution: MappingTree, findings: Findings): DistributionDefinition['processes'] {
  return lateIntegerEntry(distribution, 'worker_count', findings) ?? 1
}

function reportType(distribution: MappingTree, name: string | undefined, findings: Findings): void {
  const type = entry(distribution, 'type')
  const spot = type ? at(type) : atMissing(distribution, 'type')
  if (name === 'mpi' || name === 'ray') {
    const message = `a distribution of type '${name}' cannot run here, as it needs its own launcher`
    findings.unsupported(spot, 'unsupported-distribution', message)
    return
  }
  const message = name === undefined ? 'the distribution has no type' : `unknown distribution '${name}'`
  findings.error(spot, 'unknown-type', message, didYouMeanOneOf(name ?? '', TYPES, 'types'))
}
