import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure } from '#errors.ts'
import { runCheck } from './run-check.ts'
import type { Declaration, StageInput, StageOutput, StagePorts } from './stage.ts'
import { type Coverage, readCoverage, readTestResults, type TestResults } from './test-results.ts'

/** `unit-tests`: the model type's test command must exit with 0; its JUnit and Cobertura reports are read and kept. */
export async function runUnitTests(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const declaration = await ports.readModelType(input.source, input.modelType)
  const { checks } = declaration.modelType
  const [junit, cobertura] = [join(input.out, 'junit.xml'), join(input.out, 'coverage.xml')]
  const exitCode = await runCheck(checks.test, declaration, input, ports, {
    PYTEST_ADDOPTS: [
      `--junitxml="${junit}" -p no:cacheprovider`,
      ...coverageOptions(declaration, cobertura),
    ].join(' '),
    COVERAGE_FILE: join(input.out, '.coverage'),
  })
  const tests = await readReport(junit, readTestResults)
  const coverage = await readReport(cobertura, readCoverage)
  if (exitCode !== 0)
    throw new StageFailure(failureMessage(checks.test, exitCode, tests), {
      hint: 'the whole output is in the log of this stage',
    })
  return { summary: summary(tests, coverage), detail: { tests, coverage } }
}

/** Coverage is measured when the model type requires the plugin that measures it. */
function coverageOptions({ requirements }: Declaration, report: string): string[] {
  return requirements.checks.some(line => /^pytest-cov\b/.test(line))
    ? [`--cov --cov-report=xml:"${report}"`]
    : []
}

/** Larger reports are left unread: the tests' code may write what it wants. */
const MAX_REPORT_BYTES = 32 * 2 ** 20

async function readReport<T>(file: string, read: (xml: string) => T): Promise<T | null> {
  const size = await stat(file).then(
    found => found.size,
    () => 0,
  )
  if (size > MAX_REPORT_BYTES) return null
  const xml = await readFile(file, 'utf8').catch(() => undefined)
  return xml === undefined ? null : read(xml)
}

function failureMessage(command: string, exitCode: number, tests: TestResults | null): string {
  const [first] = tests?.failures ?? []
  if (!tests || !first) return `'${command}' exited with ${exitCode}`
  const more = tests.total - tests.skipped - tests.passed - 1
  const others = more > 0 ? `, and ${more} more` : ''
  return `${first.name} failed: ${first.message}${others} (${tests.passed} of ${tests.total} tests passed)`
}

function summary(tests: TestResults | null, coverage: Coverage | null): string {
  const said = tests ? `${tests.passed} of ${tests.total} tests passed` : 'the tests passed'
  return coverage ? `${said}, ${Math.round(coverage.lineRate * 100)} % of lines covered` : said
}
