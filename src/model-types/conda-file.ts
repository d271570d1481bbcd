import { isMap, isScalar } from 'yaml'
import { type Place, UserError } from '#errors.ts'
import { readCondaPackage } from './conda-package.ts'
import { type Entry, entriesOf, placeOf, valueAt, wrongType } from './entry.ts'
import { listOf, mapOf } from './fields.ts'
import type { EnvironmentEntry } from './model-type.ts'
import { text } from './values.ts'

type PipLines = (line: string, place: Place) => string[]

/**
 * The Python requirements of a conda file: its packages by their names on PyPI, and its `pip:` list. Channels don't
 * matter. `pipLines` says what a line of that list stands for. Throws UserError with line for what can't be had.
 */
export function condaRequirements(file: Entry, pipLines: PipLines): EnvironmentEntry {
  const result: EnvironmentEntry = { requirements: [] }
  const variables = entriesOf(file).get('variables')
  if (variables && valueAt(variables) !== null) result.variables = mapOf(text, text)(variables)
  const dependencies = entriesOf(file).get('dependencies')
  if (!dependencies || valueAt(dependencies) === null) return result
  listOf(entry => addDependency(entry, result, pipLines))(dependencies)
  return result
}

function addDependency(entry: Entry, into: EnvironmentEntry, pipLines: PipLines): void {
  const node = valueAt(entry)
  if (isMap(node)) {
    const pip = entriesOf(entry).get('pip')
    if (!pip) throw wrongType(entry, 'a package, or `pip:` with a list')
    into.requirements.push(...listOf(line => pipLines(text(line), placeOf(line)))(pip).flat())
  } else if (isScalar(node)) addPackage(entry, text(entry), into)
  else throw wrongType(entry, 'a package, or `pip:` with a list')
}

function addPackage(entry: Entry, package_: string, into: EnvironmentEntry): void {
  const read = readCondaPackage(package_)
  if (read.kind === 'refused')
    throw new UserError('conda-package', read.message, { place: placeOf(entry), hint: read.hint })
  if (read.kind === 'requirement') into.requirements.push(read.line)
  if (read.kind === 'python' && read.range !== undefined) into.python = read.range
}
