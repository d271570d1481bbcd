import { allowsMinor, allowsVersion, compareVersions } from '#model-types/python-range.ts'
import type { EnvironmentRequirements } from '#ports/python-environments.ts'
import type { Interpreter } from './interpreters.ts'

/** Older ones are taken only by those who ask for them. */
const OLDEST_DEFAULT = '3.10'

/**
 * The Python for an environment: of the preferred minor, else of the newest allowed; of several patches one that the
 * range names. Who doesn't care gets the machine's default. Undefined when none is allowed.
 */
export function chooseInterpreter(
  wanted: EnvironmentRequirements,
  found: readonly Interpreter[],
): Interpreter | undefined {
  const { python, preferred } = wanted
  if (python === undefined) return found.find(({ minor }) => minor === preferred) ?? defaultPython(found)
  const allowed = found.filter(({ minor }) => allowsMinor(python, minor))
  const isPreferred = (one: Interpreter) => Number(one.minor === preferred)
  const fits = (one: Interpreter) => Number(allowsVersion(python, one.version))
  return allowed
    .map((one, index) => ({ one, index }))
    .sort(
      (a, b) =>
        isPreferred(b.one) - isPreferred(a.one) ||
        compareVersions(b.one.minor, a.one.minor) ||
        fits(b.one) - fits(a.one) ||
        a.index - b.index,
    )[0]?.one
}

/** Which Python it is, for people, and why when another was wanted rather. */
export function describeChoice(
  { python, preferred }: EnvironmentRequirements,
  { minor, version }: Interpreter,
): { choice: string; isSecondBest: boolean } {
  const exact = /^={0,3}\s*(3\.\d+\.\d+)$/.exec(python ?? '')?.[1]
  if (preferred !== undefined && minor !== preferred) {
    const choice = `Python ${minor}, because ${preferred} is not here and its requirements allow it`
    return { choice, isSecondBest: true }
  }
  if (exact && version !== exact && version !== minor)
    return { choice: `Python ${version}, because ${exact} is not here`, isSecondBest: true }
  return { choice: `Python ${minor}${minor === preferred ? ' (preferred)' : ''}`, isSecondBest: false }
}

function defaultPython(found: readonly Interpreter[]): Interpreter | undefined {
  const recent = found.filter(({ minor }) => compareVersions(minor, OLDEST_DEFAULT) >= 0)
  return recent.find(({ isDefault }) => isDefault) ?? recent[0]
}
