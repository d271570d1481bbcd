import { describe, expect, it } from 'vitest'
import { brief, planTexts } from './plan-texts.ts'

function problems(text: string): string[] {
  return planTexts(text).problems.map(brief)
}

describe('files that are not YAML we take', () => {
  it.each([
    ['an empty file', '', 'empty-file pipeline.yml:1:1 '],
    ['comments only', '# only a comment\n', 'empty-file pipeline.yml:1:1 '],
    ['a list', '- a\n- b\n', 'not-a-mapping pipeline.yml:1:1 '],
    ['a wrong bracket', 'type: pipeline\njobs: {a: [1, 2}\n', 'invalid-yaml pipeline.yml:2:16 '],
    ['two documents', 'a: 1\n---\nb: 2\n', 'invalid-yaml pipeline.yml:2:1 '],
    ['a merge of a text', 'a: &x 1\nb:\n  <<: *x\n', 'bad-merge pipeline.yml:1:7 b'],
    ['a list as key', '? [a, b]\n: 1\n', 'bad-key pipeline.yml:1:3 '],
    ['a tag that does not fit', 'a: !!int x\n', 'bad-tag pipeline.yml:1:10 '],
    ['an unknown tag', 'a: !python/object x\n', 'bad-tag pipeline.yml:1:19 '],
    ['deep nesting', `a: ${'['.repeat(60)}${']'.repeat(60)}\n`, 'too-deep pipeline.yml:1:54 '],
    ['absurd nesting', `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`, 'too-deep pipeline.yml:1:1 '],
    ['an alias of itself', 'a: &a [*a]\n', 'too-deep pipeline.yml:1:7 '],
    ['an alias without an anchor', 'a: *b\n', 'invalid-yaml pipeline.yml:1:4 '],
    ['a tab as indentation', 'jobs:\n\ta: {}\n', 'invalid-yaml pipeline.yml:2:1 '],
    ['a huge file', `type: pipeline\n#${'x'.repeat(1024 * 1024)}`, 'file-too-large pipeline.yml:1:1 '],
  ])('refuses %s', (_, text, expected) => expect(problems(text)).toContain(expected))

  it('reports a duplicate key with the line of the first', () => {
    const { problems } = planTexts('type: pipeline\njobs:\n  a: {}\n  b: {}\n  a: {}\n')
    const duplicate = problems.find(one => one.rule === 'duplicate-key')!
    expect(brief(duplicate)).toBe('duplicate-key pipeline.yml:5:3 jobs.a')
    expect(duplicate.message).toContain('line 3')
  })

  it('stops alias bombs', () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) => `l${i}: &l${i} [${i ? `*l${i - 1}, *l${i - 1}` : '1'}]`,
    )
    expect(problems(`${levels.join('\n')}\n`)[0]).toContain('too-complex')
  })

  it('checks duplicate keys of a large mapping in no time', () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')
    expect(problems(`${keys}\n`).some(one => one.startsWith('missing-type'))).toBe(true)
  })
})
