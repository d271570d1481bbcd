/** What the words of a command line mean. */
export type Resolved =
  | { kind: 'command'; path: string; words: string[]; help: boolean }
  | { kind: 'group'; path: string; help: boolean }
  | { kind: 'unknown'; path: string; word: string }
  | { kind: 'version' }

const LEADING_FLAGS = new Set(['--json', '--no-color'])

/**
 * Finds the longest command that the words begin with. `help run start` is `run start --help`; flags of every command
 * may stand before its words.
 */
export function resolve(argv: readonly string[], commands: readonly string[]): Resolved {
  const { flags, words } = leadingFlags(argv)
  const first = words[0]
  if (first === '--version' || first === '-V') return { kind: 'version' }
  const asksHelp = first === 'help' || isHelp(first)
  const asked = asksHelp ? words.slice(1) : words
  for (let length = Math.min(3, asked.length); length > 0; length--) {
    const path = asked.slice(0, length).join(' ')
    if (commands.includes(path)) {
      const rest = [...flags, ...asked.slice(length)]
      const words = asksHelp ? [...rest, '--help'] : rest
      return { kind: 'command', path, words, help: asksHelp }
    }
  }
  return group(asked, commands, asksHelp)
}

function leadingFlags(argv: readonly string[]): { flags: string[]; words: string[] } {
  const start = argv.findIndex(word => !LEADING_FLAGS.has(word))
  const end = start === -1 ? argv.length : start
  return { flags: argv.slice(0, end), words: argv.slice(end) }
}

function group(asked: readonly string[], commands: readonly string[], help: boolean): Resolved {
  const words = asked.filter(word => !isHelp(word))
  let path = ''
  for (const word of words) {
    const longer = path === '' ? word : `${path} ${word}`
    if (!commands.some(command => command.startsWith(`${longer} `))) return { kind: 'unknown', path, word }
    path = longer
  }
  return { kind: 'group', path, help: help || words.length < asked.length }
}

function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h'
}
