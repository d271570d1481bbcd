import { describe, expect, it } from 'vitest'
import { commandLine } from './command-line.ts'

describe('a command line', () => {
  it('gets its values as plain text, without quoting', () => {
    const values = { inputs: { a: '/a b', lr: "1'" }, outputs: { o: '/o' } }
    const command = 'python a.py --in ${{inputs.a}} --lr ${{ inputs.lr }} > ${{outputs.o}} $HOME ${X}'
    expect(commandLine(command, values)).toBe("python a.py --in /a b --lr 1' > /o $HOME ${X}")
  })

  it('does not expand what a value contains', () => {
    const values = { inputs: { a: '${{inputs.b}} $& $1', b: 'no' }, outputs: {} }
    expect(commandLine('${{inputs.a}}', values)).toBe('${{inputs.b}} $& $1')
  })

  it.each(['x', 'constructor'])('refuses the name %s, which has no value', name => {
    expect(() => commandLine(`\${{inputs.${name}}}`, { inputs: {}, outputs: {} })).toThrow(name)
  })
})
