import { describe, expect, it } from 'vitest'
import { decideOptional, substitute } from './expressions.ts'

describe('substitute', () => {
  it('replaces inputs and outputs by plain text, without quoting', () => {
    const command = 'python a.py --in ${{inputs.data}} --lr ${{ inputs.lr }} > ${{outputs.out}} $HOME ${X}'
    const values = { inputs: { data: '/a b', lr: "1'" }, outputs: { out: '/o' } }
    expect(substitute(command, values)).toBe("python a.py --in /a b --lr 1' > /o $HOME ${X}")
  })

  it('does not look at replaced text again', () => {
    const values = { inputs: { a: '${{inputs.b}} $& $1', b: 'secret' }, outputs: {} }
    expect(substitute('${{inputs.a}}', values)).toBe('${{inputs.b}} $& $1')
  })

  it('leaves what has no value, and names of object members', () => {
    const values = { inputs: {}, outputs: {} }
    expect(substitute('${{inputs.x}} ${{inputs.constructor}}', values)).toBe(
      '${{inputs.x}} ${{inputs.constructor}}',
    )
  })
})

describe('decideOptional', () => {
  const command = 'run $[[--a ${{inputs.a}}]] $[[--b ${{ inputs.b }} --c ${{inputs.c}}]] [x] $[[kept]]'

  it('keeps segments whose inputs all have values', () => {
    expect(decideOptional(command, () => true)).toBe(
      'run --a ${{inputs.a}} --b ${{ inputs.b }} --c ${{inputs.c}} [x] kept',
    )
  })

  it('removes a segment when one of its inputs has none', () => {
    expect(decideOptional(command, name => name !== 'c')).toBe('run --a ${{inputs.a}}  [x] kept')
  })

  it('leaves unclosed segments and bash tests alone, fast', () => {
    expect(decideOptional('[[ -f x ]] && $[[', () => true)).toBe('[[ -f x ]] && $[[')
    expect(decideOptional('$[['.repeat(100_000), () => true)).toHaveLength(300_000)
  })
})
