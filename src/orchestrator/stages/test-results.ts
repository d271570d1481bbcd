import { XMLParser } from 'fast-xml-parser'

export interface TestResults {
  total: number
  passed: number
  skipped: number
  /** The first 50. */
  failures: { name: string; message: string }[]
  seconds: number
}

export interface Coverage {
  /** 0 to 1. */
  lineRate: number
}

type Element = Record<string, unknown>

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: true,
  // Line breaks in attributes are written as `&#10;`.
  htmlEntities: true,
  isArray: name => name === 'testcase' || name === 'testsuite',
})

/** Reads a JUnit report (`testsuites/testsuite/testcase`). A report that isn't one has no tests. */
export function readTestResults(xml: string): TestResults {
  const cases = testCases(parse(xml))
  const failed = cases.filter(test => 'failure' in test || 'error' in test)
  const skipped = cases.filter(test => 'skipped' in test).length
  return {
    total: cases.length,
    passed: cases.length - failed.length - skipped,
    skipped,
    failures: failed.slice(0, 50).map(describe),
    seconds: cases.reduce((sum, test) => sum + (Number(test.time) || 0), 0),
  }
}

/** Reads the line rate of a Cobertura report, or null when there is none. */
export function readCoverage(xml: string): Coverage | null {
  const rate = Number((parse(xml).coverage as Element | undefined)?.['line-rate'] || Number.NaN)
  return rate >= 0 && rate <= 1 ? { lineRate: rate } : null
}

function parse(xml: string): Element {
  try {
    return parser.parse(xml) as Element
  } catch {
    return {}
  }
}

function testCases(node: unknown): Element[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, child]) =>
    name === 'testcase'
      ? (child as Element[])
      : name.startsWith('testsuite')
        ? [child].flat().flatMap(testCases)
        : [],
  )
}

function describe(test: Element): { name: string; message: string } {
  const cause = [test.failure ?? test.error].flat()[0]
  const message = typeof cause === 'object' && cause !== null ? (cause as Element).message : cause
  const name = [test.classname, test.name].filter(Boolean).join('.')
  return {
    name,
    message: String(message ?? '')
      .split('\n')[0]!
      .slice(0, 300),
  }
}
