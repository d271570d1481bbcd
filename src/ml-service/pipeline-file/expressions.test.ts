import { describe, expect, it } from 'vitest'
import { decideOptional } from './expressions.ts'

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

  it('decides a segment in another one by itself, unless the outer one goes', () => {
    const nested = 'run $[[--a ${{inputs.a}} $[[--b ${{inputs.b}}]] c]] d'
    expect(decideOptional(nested, name => name === 'a')).toBe('run --a ${{inputs.a}}  c d')
    expect(decideOptional(nested, name => name === 'b')).toBe('run  d')
    expect(decideOptional(nested, () => true)).toBe('run --a ${{inputs.a}} --b ${{inputs.b}} c d')
    expect(decideOptional('$[['.repeat(50_000) + ']]'.repeat(50_000), () => true)).toBe('')
  })

  it('leaves unclosed segments and bash tests alone, fast', () => {
    expect(decideOptional('[[ -f x ]] && $[[', () => true)).toBe('[[ -f x ]] && $[[')
    expect(decideOptional('$[['.repeat(100_000), () => true)).toHaveLength(300_000)
  })
})
