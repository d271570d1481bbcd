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

  it('leaves unclosed segments and bash tests alone, fast', () => {
    expect(decideOptional('[[ -f x ]] && $[[', () => true)).toBe('[[ -f x ]] && $[[')
    expect(decideOptional('$[['.repeat(100_000), () => true)).toHaveLength(300_000)
  })
})
