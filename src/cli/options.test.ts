import { expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'
import { HelpShown } from './invocation.ts'
import { nameAndValue, parse, positiveInteger } from './options.ts'
import { capture } from './print/capture.ts'

test.each(Object.keys(COMMANDS))('%s --help says how it is used', async path => {
  const { summary, load } = COMMANDS[path]!
  const command = await load()
  const { invocation, printed } = capture({ path, summary, words: ['--help'] })
  await expect(command(invocation)).rejects.toBeInstanceOf(HelpShown)
  expect(printed.out).toContain(`Usage millwright ${path}`)
  expect(printed.out).toContain('--json')
})

test('what was typed wrong is one sentence with a hint', () => {
  const { invocation } = capture({ path: 'run list', words: ['--limt', '3'] })
  const define = () => parse(invocation, command => command.option('--limit <n>', 'at most', positiveInteger))
  expect(define).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: "unknown option '--limt'",
      hint: 'did you mean --limit?',
    }),
  )
})

test.each(['0', '-1', '1.5', 'ten', ''])("'%s' is no positive whole number", text => {
  const { invocation } = capture({ words: ['--limit', text] })
  expect(() =>
    parse(invocation, command => command.option('--limit <n>', 'at most', positiveInteger)),
  ).toThrow('--limit')
})

test('inputs keep everything after the first equals sign', () => {
  expect(nameAndValue('a=b=c', { x: '1' })).toEqual({ x: '1', a: 'b=c' })
  expect(() => nameAndValue('=b', undefined)).toThrow('name=value')
})
