/** Options of a requirements file that uv takes on its command line only. */
const ON_COMMAND_LINE: [RegExp, (value: string) => string[]][] = [
  [/^--pre$/, () => ['--prerelease', 'allow']],
  [/^--trusted-host[\s=]+(\S+)$/, host => ['--allow-insecure-host', host]],
]

const UNDERSTOOD =
  /^(-i|--index-url|--extra-index-url|-f|--find-links|--no-index|--no-binary|--only-binary)\b/

/**
 * What uv is asked for lines of a requirements file as pip reads them. pip takes the best version of all its indexes,
 * uv only the first index that has a package, unless it is told. Options of pip's that change nothing here are dropped.
 */
export function uvArguments(lines: readonly string[]): { requirements: string[]; options: string[] } {
  const requirements = lines.filter(line => !line.startsWith('-') || UNDERSTOOD.test(line))
  const moved = lines.flatMap(line => ON_COMMAND_LINE.flatMap(([form, give]) => given(line, form, give)))
  const several = lines.some(line => line.startsWith('--extra-index-url'))
  return { requirements, options: [...moved, ...(several ? ['--index-strategy', 'unsafe-best-match'] : [])] }
}

function given(line: string, form: RegExp, give: (value: string) => string[]): string[] {
  const match = form.exec(line)
  return match ? give(match[1] ?? '') : []
}
