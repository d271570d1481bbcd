import { UserError } from '#errors.ts'
import { nearest } from '#model-types/nearest.ts'
import { COMMANDS, SECTIONS } from './commands.ts'
import type { Colors } from './print/terminal.ts'

/** The commands of a group, or all of them for the empty path. */
export function groupHelp(path: string, colors: Colors): string {
  return path === '' ? overview(colors) : commandsOf(path, colors)
}

/** What to say about a word that is no command. */
export function unknownCommand(path: string, word: string): UserError {
  const typed = [path, word].filter(Boolean).join(' ')
  const meant = nearest(typed, [...Object.keys(COMMANDS), ...groups()])
  return new UserError('unknown-command', `there is no command 'millwright ${typed}'`, {
    hint: meant
      ? `did you mean \`millwright ${meant}\`?`
      : `see \`millwright ${path ? `${path} ` : ''}--help\``,
  })
}

function overview(colors: Colors): string {
  const title = `${colors.bold('Millwright')} runs the pipelines of every model type in a repository.`
  const usage = `${heading('Usage', colors)}\n  millwright ${colors.cyan('<command>')} [options]`
  const width = Math.max(...[...groups(), ...singles()].map(name => shown(name).length))
  const sections = SECTIONS.map(
    ({ title, groups }) =>
      `${heading(title, colors)}\n${groups.map(name => line(shown(name), summaryOf(name), width, colors)).join('\n')}`,
  )
  const begin = [
    line('millwright up', 'start the server', 34, colors),
    line('millwright repo add <path or url>', 'give it your code', 34, colors),
    line('millwright run list', 'watch what happens', 34, colors),
  ]
  const first = `${heading('First steps', colors)}\n${begin.join('\n')}`
  const more = colors.dim(
    'Every command takes --help, and --json for one JSON document on stdout.\nState is kept in ~/.millwright (MILLWRIGHT_HOME).',
  )
  return `${[title, usage, ...sections, first, more].join('\n\n')}\n`
}

function commandsOf(path: string, colors: Colors): string {
  const names = Object.keys(COMMANDS).filter(name => name.startsWith(`${path} `))
  const width = Math.max(...names.map(name => name.length))
  const lines = names.map(name => line(name, COMMANDS[name]!.summary, width, colors))
  const usage = `${heading('Usage', colors)}\n  millwright ${path} ${colors.cyan('<command>')} [options]`
  const more = colors.dim(`millwright ${path} <command> --help tells more.`)
  return `${[usage, `${heading('Commands', colors)}\n${lines.join('\n')}`, more].join('\n\n')}\n`
}

function line(name: string, summary: string, width: number, colors: Colors): string {
  return `  ${colors.cyan(name)}${' '.repeat(width - name.length + 3)}${summary}`
}

function heading(text: string, colors: Colors): string {
  return colors.bold(text)
}

/** `run` as `run start|list|…`, so that the overview names every command. */
function shown(name: string): string {
  const inner = Object.keys(COMMANDS)
    .filter(command => command.startsWith(`${name} `))
    .map(command => command.slice(name.length + 1).split(' ')[0]!)
  return inner.length === 0 ? name : `${name} ${[...new Set(inner)].join('|')}`
}

function summaryOf(name: string): string {
  return COMMANDS[name]?.summary ?? GROUP_SUMMARIES[name] ?? ''
}

const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  repo: 'Repositories of the server',
  'model-type': 'The model types in them',
  pr: 'Pull requests',
  run: 'PR, CI and CD runs',
  ml: 'ML pipelines and jobs',
  dataset: 'Versioned data',
  model: 'Model versions, and which is best where',
  image: 'Inference images',
  explain: 'Why something happened, and where it comes from',
}

function groups(): string[] {
  return [...new Set(Object.keys(COMMANDS).flatMap(name => parents(name)))]
}

function singles(): string[] {
  return Object.keys(COMMANDS).filter(name => !name.includes(' '))
}

function parents(name: string): string[] {
  const words = name.split(' ')
  return words.slice(1).map((_, index) => words.slice(0, index + 1).join(' '))
}
