/** What a line of a pip requirements file, or of a conda file's `pip:` list, asks for. */
export type PipLine =
  /** A requirement, or an option such as `--extra-index-url`: taken as it stands. */
  | { kind: 'line'; line: string }
  /** `-r file`: the lines of another file. */
  | { kind: 'include'; path: string }
  | { kind: 'refused'; message: string; hint: string }

/** Reads one line without its comment; undefined for a blank one. */
export function readPipLine(text: string): PipLine | undefined {
  const line = text.replace(/(?:^|\s)#.*$/, '').trim()
  if (line === '') return undefined
  const include = /^(?:-r|--requirement)(?:\s+|=|(?=[^\s=-]))(\S.*)$/.exec(line)
  if (include) return { kind: 'include', path: include[1]!.trim() }
  const local = localPath(line)
  return local === undefined ? { kind: 'line', line } : refusedPath(line, local)
}

/** The lines of a requirements file, with those that end in a backslash put together. */
export function splitPipLines(text: string): { line: string; number: number }[] {
  const lines: { line: string; number: number }[] = []
  let continued = ''
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const whole = continued + raw
    continued = /\\$/.test(whole) ? `${whole.slice(0, -1)} ` : ''
    if (continued === '') lines.push({ line: whole, number: index + 1 })
  }
  return lines
}

/** A path of this machine that a line names; remote addresses are no paths. */
function localPath(line: string): string | undefined {
  const option = /^(?:-e|--editable|-c|--constraint|-f|--find-links)(?:\s+|=|(?=[./~]))(\S+)/.exec(line)
  const direct = /^(?:[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?\s*@\s*)?(\S+)/.exec(line)
  const named = option?.[1] ?? direct?.[1] ?? ''
  if (/^file:/.test(named) || (/@\s*file:/.test(line) && !option)) return named.replace(/^.*@\s*/, '')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(named)) return undefined
  return option || /^(?:\.{0,2}|~)\/|^\.{1,2}$|\.(?:whl|tar\.gz|zip)$/.test(named) ? named : undefined
}

function refusedPath(line: string, path: string): PipLine {
  const message = `'${line}' names ${path} beside the file, which no environment can be made from: its contents may change`
  const hint =
    "put what is there into the step's code folder, or name a package, an address or 'git+https://…'"
  return { kind: 'refused', message, hint }
}
