import { lateIntegerEntry, mappingEntry } from './entries.ts'
import type { Findings } from './findings.ts'
import { KNOWN, warnUnknownKeys } from './known-keys.ts'
import { atKey, entry, type MappingTree } from './yaml-tree.ts'

const WITHOUT_EFFECT: Record<string, string> = {
  compute: 'steps run on this machine',
  services: 'steps have no interactive endpoints',
  identity: 'steps run as the current user',
  queue_settings: 'steps have no job tier',
}

/** One warning for each kind of key that says where Azure ML shall run something, at the first such key of all files. */
export function warnWithoutEffect(tree: MappingTree, findings: Findings): void {
  for (const [key, because] of Object.entries(WITHOUT_EFFECT)) {
    const value = entry(tree, key)
    if (value) findings.ignored(atKey(value), key, because)
  }
  const resources = mappingEntry(tree, 'resources', findings)
  if (resources) checkResources(resources, findings)
}

function checkResources(resources: MappingTree, findings: Findings): void {
  warnUnknownKeys(resources, KNOWN.resources, findings)
  const count = lateIntegerEntry(resources, 'instance_count', findings)
  for (const [name, value] of resources.entries) {
    if (name !== 'instance_count')
      findings.ignored(atKey(value), 'resources', 'steps use what this machine has')
    else if (count !== 1 && count !== undefined) {
      findings.ignored(atKey(value), name, 'this is one machine, so it counts as 1')
    }
  }
}
