import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { planTexts } from './plan-texts.ts'

const EXPRESSIONS = [
  '${{parent.inputs.a}}',
  '${{parent.outputs.a}}',
  '${{parent.jobs.a.outputs.a}}',
  '${{parent.jobs.b.inputs.a}}',
  '${{inputs.a}} $[[ ${{outputs.b}} ]]',
  '${{ ${{',
  './pipeline.yml',
  'azureml:x@latest',
  'pipeline',
  'command',
  'uri_folder',
  '__proto__',
]
const NAMES =
  '$schema type jobs inputs outputs settings component command environment code path mode default optional enum min max limits timeout conda_file image dependencies pip distribution a b __proto__ constructor'.split(
    ' ',
  )

const scalar = fc.oneof(
  fc.constantFrom(...EXPRESSIONS),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
)
const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'medium', maxDepth: 7 },
    scalar,
    fc.dictionary(fc.constantFrom(...NAMES), tie('tree'), { maxKeys: 6 }),
    fc.array(tie('tree'), { maxLength: 3 }),
  ),
}))

/** Something like a pipeline, wrong in any place. */
const pipeline = fc.record(
  {
    type: fc.oneof(fc.constant('pipeline'), tree),
    inputs: fc.oneof(fc.dictionary(fc.constantFrom('a', 'b'), tree), tree),
    outputs: fc.oneof(fc.dictionary(fc.constantFrom('a', 'b'), tree), tree),
    jobs: fc.oneof(
      fc.dictionary(
        fc.constantFrom('a', 'b', 'c'),
        fc.record(
          {
            command: scalar,
            component: fc.oneof(fc.constant('./pipeline.yml'), fc.constant('./other.yml'), tree),
            environment: fc.oneof(fc.constant('azureml:e@latest'), tree),
            inputs: fc.dictionary(fc.constantFrom('a', 'b'), tree),
            outputs: fc.dictionary(fc.constantFrom('a', 'b'), tree),
            limits: tree,
          },
          { requiredKeys: [] },
        ),
      ),
      tree,
    ),
    settings: tree,
  },
  { requiredKeys: ['type', 'jobs'] },
)

function check(text: string, other = ''): void {
  const { plan, problems } = planTexts({ 'pipeline.yml': text, 'other.yml': other }, { inputs: { a: '1' } })
  const errors = problems.filter(one => one.severity === 'error')
  expect(plan === undefined).toBe(errors.length > 0)
  for (const one of problems) expect(one.line >= 1 && one.column >= 1 && one.message !== '').toBe(true)
}

describe('planPipeline', () => {
  it('never throws on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, other) => check(text, other)))
  })

  it('never throws on any YAML', () => {
    fc.assert(fc.property(tree, tree, (one, two) => check(stringify(one), stringify(two))))
  })

  it('never throws on anything like a pipeline, and has a plan exactly when there is no error', () => {
    fc.assert(
      fc.property(pipeline, pipeline, (one, two) => check(stringify(one), stringify(two))),
      { numRuns: 150 },
    )
  })

  it('never throws on a damaged pipeline', () => {
    const text =
      'type: pipeline\njobs:\n  a: {command: "x ${{inputs.i}}", inputs: {i: &x 1}, environment: azureml:e}\n'
    const damage = fc.tuple(fc.nat(text.length), fc.nat(10), fc.string({ maxLength: 5 }))
    fc.assert(
      fc.property(damage, ([start, length, put]) =>
        check(text.slice(0, start) + put + text.slice(start + length)),
      ),
      { numRuns: 200 },
    )
  })
})
