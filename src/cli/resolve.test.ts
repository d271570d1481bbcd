import pc from 'picocolors'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'
import { groupHelp, unknownCommand } from './help.ts'
import { resolve } from './resolve.ts'

const PATHS = Object.keys(COMMANDS)
const PLAIN = pc.createColors(false)

describe('resolving a command line', () => {
  test.each([
    [['run', 'start', 'cd', '--wait'], { path: 'run start', words: ['cd', '--wait'] }],
    [['ml', 'job', 'show', 'x'], { path: 'ml job show', words: ['x'] }],
    [['stage', 'unit-tests'], { path: 'stage', words: ['unit-tests'] }],
    [['--json', 'run', 'list'], { path: 'run list', words: ['--json'] }],
    [['help', 'run', 'list'], { path: 'run list', words: ['--help'] }],
    [['--help', 'up'], { path: 'up', words: ['--help'] }],
  ])('%j is a command', (argv, expected) => {
    expect(resolve(argv, PATHS)).toMatchObject({ kind: 'command', ...expected })
  })

  test.each([
    [[], { path: '', help: false }],
    [['--help'], { path: '', help: true }],
    [['run'], { path: 'run', help: false }],
    [['ml', 'job', '-h'], { path: 'ml job', help: true }],
    [['help', 'ml'], { path: 'ml', help: true }],
  ])('%j asks for a group', (argv, expected) => {
    expect(resolve(argv, PATHS)).toEqual({ kind: 'group', ...expected })
  })

  test.each([
    [['rnu'], { path: '', word: 'rnu' }],
    [['run', 'strat'], { path: 'run', word: 'strat' }],
    [['--nonsense'], { path: '', word: '--nonsense' }],
  ])('%j is unknown', (argv, expected) => {
    expect(resolve(argv, PATHS)).toEqual({ kind: 'unknown', ...expected })
  })

  test('the version can be asked for in two ways', () => {
    expect(resolve(['--version'], PATHS)).toEqual({ kind: 'version' })
    expect(resolve(['-V'], PATHS)).toEqual({ kind: 'version' })
  })
})

describe('help', () => {
  test.each([
    ['', 'rnu', 'did you mean `millwright run`?'],
    ['run', 'strat', 'did you mean `millwright run start`?'],
    ['', 'doctr', 'did you mean `millwright doctor`?'],
    ['ml', 'xyzzy-plugh', 'see `millwright ml --help`'],
  ])("a typo in '%s %s' gets a suggestion", (path, word, hint) => {
    expect(unknownCommand(path, word)).toMatchObject({ code: 'unknown-command', hint })
  })

  test('the overview names every command or its group', () => {
    const help = groupHelp('', PLAIN)
    for (const path of PATHS) {
      const [group = '', inner] = path.split(' ')
      expect(help).toMatch(
        inner === undefined ? `  ${group} ` : new RegExp(`  ${group} [^\n]*\\b${inner}\\b`),
      )
    }
  })

  test('the help of a group lists its commands', () => {
    const help = groupHelp('run', PLAIN)
    for (const path of PATHS.filter(path => path.startsWith('run '))) expect(help).toContain(path)
  })
})
