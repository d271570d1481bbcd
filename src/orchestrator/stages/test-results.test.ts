import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCoverage, readTestResults } from './test-results.ts'

/** As pytest 8 writes it. */
const REPORT = `<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.123">
<testcase classname="tests.test_train" name="test_a[8.5-True]" time="0.001" />
<testcase classname="tests.test_train" name="test_b" time="0.002"><failure message="assert 1 &lt; 0&#10; +  where &quot;x&quot;">def test_b():
&gt;   assert 1 &lt; 0</failure></testcase>
<testcase classname="" name="tests.test_broken" time="0"><error message="collection failure">ImportError</error></testcase>
<testcase classname="tests.test_train" name="test_c" time="0.1"><skipped type="pytest.skip" message="later" /></testcase>
</testsuite></testsuites>`

const NOTHING = { total: 0, passed: 0, skipped: 0, failures: [], seconds: 0 }

describe('a JUnit report', () => {
  test('tells which tests failed, and the first line of why', () => {
    const { seconds, ...results } = readTestResults(REPORT)
    expect(results).toEqual({
      ...{ total: 4, passed: 1, skipped: 1 },
      failures: [
        { name: 'tests.test_train.test_b', message: 'assert 1 < 0' },
        { name: 'tests.test_broken', message: 'collection failure' },
      ],
    })
    expect(seconds).toBeCloseTo(0.103, 9)
  })

  test('may have nested suites, one suite without a frame, and failures without a message', () => {
    const nested =
      '<testsuites><testsuite><testsuite><testcase name="a"/></testsuite></testsuite></testsuites>'
    expect(readTestResults(nested)).toMatchObject({ total: 1, passed: 1 })
    const bare = '<testsuite><testcase name="a"><failure>first\nsecond</failure></testcase></testsuite>'
    expect(readTestResults(bare).failures).toEqual([{ name: 'a', message: 'first' }])
    const silent = '<testsuite><testcase name="a"><failure/></testcase></testsuite>'
    expect(readTestResults(silent)).toMatchObject({
      total: 1,
      passed: 0,
      failures: [{ name: 'a', message: '' }],
    })
  })

  test('names the first 50 failures, shortened, and counts all of them', () => {
    const failing = `<testcase name="t"><failure message="${'x'.repeat(5000)}"/></testcase>`
    const results = readTestResults(`<testsuite>${failing.repeat(300)}<testcase name="u"/></testsuite>`)
    expect(results).toMatchObject({ total: 301, passed: 1 })
    expect(results.failures).toHaveLength(50)
    expect(results.failures[0]!.message).toHaveLength(300)
  })

  test.each([
    ['empty', ''],
    ['something else', 'hello'],
    ['HTML', '<html><body><p>no</body></html>'],
    ['cut off', REPORT.slice(0, REPORT.indexOf('</testcase>'))],
    ['JSON', '{"testsuite": 1}'],
  ])('that is %s has no passed tests and stops nothing', (_, xml) => {
    expect(readTestResults(xml)).toMatchObject({ passed: expect.any(Number), failures: expect.any(Array) })
    expect(readCoverage(xml)).toBeNull()
  })

  test('of any text is read without an error', () => {
    const piece = fc.constantFrom(
      '<testsuite>',
      '</testsuite>',
      '<testcase name="a">',
      '<failure',
      '/>',
      '&#10;',
      '"',
      ']]>',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), pieces => {
        const { total, passed, skipped, failures } = readTestResults(pieces.join(''))
        expect(total).toBeGreaterThanOrEqual(failures.length)
        expect(Number.isInteger(passed + skipped)).toBe(true)
      }),
    )
  })
})

describe('a hostile report', () => {
  const entities = (count: number) =>
    Array.from({ length: count }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('')

  test.each([
    [
      'a bomb of entities',
      `<!DOCTYPE x [<!ENTITY e0 "ha">${entities(30)}]><testsuite name="&e30;">&e30;</testsuite>`,
    ],
    [
      'one large entity',
      `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(50_000)}">]><testsuite>${'&a;'.repeat(20_000)}</testsuite>`,
    ],
    [
      'an external entity',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"><failure/></testcase></testsuite>',
    ],
    ['deep nesting', `${'<testsuite>'.repeat(50_000)}${'</testsuite>'.repeat(50_000)}`],
    [
      'names of prototypes',
      '<testsuite><testcase name="a" __proto__="x"/><__proto__><polluted>1</polluted></__proto__></testsuite>',
    ],
  ])('with %s is refused quickly and tells nothing', (_, xml) => {
    const before = process.memoryUsage().heapUsed
    const start = performance.now()
    const results = readTestResults(xml)
    expect(performance.now() - start).toBeLessThan(1000)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 2 ** 20)
    expect({ ...results, total: 0, passed: 0 }).toEqual(NOTHING)
    expect(JSON.stringify(results)).not.toContain('root:')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a Cobertura report', () => {
  test('tells the rate of covered lines', () => {
    expect(readCoverage('<?xml version="1.0" ?><coverage version="7" line-rate="0.75"/>')).toEqual({
      lineRate: 0.75,
    })
  })

  test.each([
    '<coverage/>',
    '<coverage line-rate="many"/>',
    '<coverage line-rate=""/>',
    '<coverage line-rate="7"/>',
    '<coverage line-rate="-1"/>',
    '<other line-rate="1"/>',
  ])('without a usable rate tells nothing: %s', xml => {
    expect(readCoverage(xml)).toBeNull()
  })
})
