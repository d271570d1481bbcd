import { StageFailure } from '#errors.ts'

/** What a build that failed tells: the resolver's message in one line; all that it printed is the cause. */
export function buildFailure(
  output: string,
  { name, minor }: { name: string | undefined; minor: string },
): StageFailure {
  const which = name === undefined ? 'the Python environment' : `environment ${name}`
  const message = `${which} can't be made for Python ${minor}: ${reasonIn(output)}`
  return new StageFailure(message, { hint: hintFor(output), cause: new Error(output) })
}

/** From the first line that says what is wrong; progress before it and advice behind it are left out. */
function reasonIn(output: string): string {
  const lines = output.split('\n').map(line => line.replace(/[│├╰─▶×┌└]+/g, ' ').trim())
  const start = lines.findIndex(line => /^(error:|No solution|Failed|Because)/i.test(line))
  const told = lines
    .slice(start < 0 ? -10 : start)
    .filter(line => line !== '' && !/^(hint|help|warning):/.test(line))
  const text = told
    .join(' ')
    .replace(/^error:\s*/, '')
    .replace(/\bcause: /g, '')
    .replace(/\s+/g, ' ')
  return text.length > MAX ? `${text.slice(0, MAX)}…` : text || 'no reason was given'
}

const MAX = 1200

function hintFor(output: string): string {
  if (/was not found in the (package|provided)/.test(output))
    return 'is that its name on PyPI? Packages come from the Python package index'
  if (/No solution|unsatisfiable/i.test(output))
    return 'mend the requirements of the environment, or allow another Python in it'
  if (/Failed to build|build backend|no usable wheels/i.test(output))
    return 'a package has no wheel for this Python: allow another Python or version, or install a compiler'
  return 'mend the requirements of the environment, or check the access to the Python package index'
}
