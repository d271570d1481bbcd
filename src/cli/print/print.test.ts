import pc from 'picocolors'
import { describe, expect, test } from 'vitest'
import { CancelledError, ConflictError, StageFailure, UserError } from '#errors.ts'
import type { RunDocument } from '#server/documents/run.ts'
import { capture } from './capture.ts'
import { printError } from './error.ts'
import { shortDigest, size } from './identity.ts'
import { jobResult } from './ml-job.ts'
import { printable, printableDocument } from './printable.ts'
import { runTable, runView } from './run.ts'
import { shorten, table, width } from './table.ts'
import { ago, duration, took } from './time.ts'

const now = new Date('2026-01-01T00:10:00Z')
const look = { colors: pc.createColors(false), columns: 100, now }

describe('printable', () => {
  test.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007text', 'text'],
    ['a\u0007b\u0000', 'a\\u0007b\\u0000'],
    ['10%\r20%\r\n', '10%\n20%\n'],
    ['safe\u202etxt.exe', 'safe\\u202etxt.exe'],
    ['naïve ✓ 日本\tx\n', 'naïve ✓ 日本\tx\n'],
  ])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown))

  test('reaches every string of a document', () => {
    const document = { a: ['\u001b[2Jx'], '\u0008key': { b: null, n: 1 } }
    expect(printableDocument(document)).toEqual({ a: ['x'], '\\u0008key': { b: null, n: 1 } })
  })
})

describe('table', () => {
  const rows = [
    { name: 'a', note: 'one\ntwo', none: '' },
    { name: '日本', note: 'x'.repeat(200), none: '' },
  ]
  const text = table(
    rows,
    [
      { title: 'name', cell: row => row.name },
      { title: 'note', cell: row => row.note, flexible: true },
      { title: 'none', cell: row => row.none },
    ],
    { colors: look.colors, columns: 40 },
  )

  test('fits, aligns wide characters and leaves empty columns out', () => {
    const lines = text.split('\n')
    expect(lines[0]).toBe('NAME  NOTE')
    expect(lines[1]).toBe('a     one two')
    expect(lines[2]).toBe(`日本  ${'x'.repeat(33)}…`)
    expect(lines.every(line => width(line) <= 40)).toBe(true)
  })

  test('shortening never splits a character', () => expect(shorten('a😀😀', 4)).toBe('a😀…'))
})

test.each([
  ['2026-01-01T00:09:58Z', 'just now'],
  ['2026-01-01T00:09:30Z', '30 seconds ago'],
  ['2026-01-01T00:08:59Z', '1 minute ago'],
  ['2025-12-30T00:00:00Z', '2 days ago'],
])('%s was %s', (time, shown) => expect(ago(time, now)).toBe(shown))

test.each([
  [0.04, '0.0 s'],
  [9.96, '10 s'],
  [59.7, '1 min'],
  [61, '1 min 1 s'],
  [3720, '1 h 2 min'],
])('%d seconds are %s', (seconds, shown) => expect(duration(seconds)).toBe(shown))

test('what has not ended is measured until now', () => {
  expect(took('2026-01-01T00:09:48Z', null, now)).toBe('12 s')
  expect(took(null, null, now)).toBe('')
})

test('identities are short where people read them', () => {
  expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('sha256:abababababab')
  expect([size(12), size(1234), size(56_789_000)]).toEqual(['12 B', '1.2 kB', '57 MB'])
})

describe('a run', () => {
  const stage = (name: string, status: string, error: unknown = null) => ({
    ...{ name, status, attempts: 1, startedAt: '2026-01-01T00:09:00Z', endedAt: '2026-01-01T00:09:02Z' },
    ...{ summary: null, detail: null, error },
  })
  const failure = { message: 'test_rules.py::test_wear failed', hint: 'see the log' }
  const run = {
    ...{ id: 'ci-7', buildId: 7, pipeline: 'ci', modelType: 'machine-failure', trigger: 'merge' },
    ...{ reason: 'a\u001b[2Jb', commit: 'c'.repeat(40), branch: 'main', environment: 'dev', dataset: null },
    ...{ status: 'failed', outcome: null, error: null, repository: 'factory' },
    ...{ createdAt: '2026-01-01T00:09:00Z', startedAt: '2026-01-01T00:09:00Z' },
    endedAt: '2026-01-01T00:09:02Z',
    stages: [stage('unit-tests', 'failed', failure), stage('package-artifacts', 'skipped')],
  } as RunDocument

  test('shows what failed, why, and the next command', () => {
    const view = runView(run, look)
    expect(view).toMatch(/^✗ ci-7 {2}machine-failure {2}failed\n/)
    expect(view).toContain('  ✗ unit-tests')
    expect(view).toContain('      test_rules.py::test_wear failed\n      see the log')
    expect(view).toContain('  – package-artifacts\n')
    expect(view).toContain('millwright run logs ci-7 --stage unit-tests')
  })

  test('is a row of the table', () => {
    expect(runTable([run], look).split('\n')[1]).toMatch(
      /^✗ +ci-7 +machine-failure +failed +merge +main +cccccccc +1 minute ago +2\.0 s/,
    )
    expect(runTable([], look)).toBe('no runs')
  })
})

describe('errors', () => {
  const place = { file: 'model.yml', line: 3, column: 1, key: 'train.model' }

  test.each([
    [
      new UserError('x', 'no\u001b[1m', { place, hint: 'do' }),
      2,
      'model.yml:3:1:train.model: error: no\nhint: do\n',
    ],
    [new ConflictError('x', 'taken'), 2, 'error: taken\n'],
    [new StageFailure('2 tests failed'), 3, 'error: 2 tests failed\n'],
    [new CancelledError('interrupted'), 130, 'interrupted\n'],
  ])('%s', (error, code, text) => {
    const { invocation, printed } = capture()
    expect(printError(error, invocation.terminal, false)).toBe(code)
    expect(printed).toEqual({ out: '', err: text })
  })

  test('a fault of ours shows its stack and exits with 1', () => {
    const { invocation, printed } = capture()
    expect(printError(new TypeError('oops'), invocation.terminal, false)).toBe(1)
    expect(printed.err).toMatch(/internal error.*\nTypeError: oops\n +at /)
  })

  test('with --json, the document goes to stdout and nothing else does', () => {
    const { invocation, printed } = capture()
    printError(new UserError('no-server', 'gone', { hint: 'start it' }), invocation.terminal, true)
    expect(JSON.parse(printed.out)).toEqual({
      error: { code: 'no-server', message: 'gone', hint: 'start it' },
    })
    expect(printed.err).toBe('')
  })
})

test('the trials of a sweep are a table, with a column for each sampled input', () => {
  const times = { startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:02Z' }
  const usual = { exitCode: 0, message: null, best: false, log: 'log', ...times }
  const stopped = 'stopped early: outside the slack of the best trial at report 3'
  const trials = [
    {
      ...usual,
      trial: 1,
      status: 'completed',
      values: { rate: '1e-05', depth: '3' },
      metric: 0.75,
      best: true,
    },
    {
      ...usual,
      trial: 2,
      status: 'cancelled',
      values: { rate: '0.1', depth: '9' },
      metric: 0.5,
      message: stopped,
    },
  ] as const
  const step = { name: 'train', status: 'completed', reused: false, reusedFrom: null, ...usual } as const
  const steps = [{ ...step, outputs: {}, error: null, trials: [...trials] }]
  const rest = { outputs: {}, tracking: null, datasets: {}, error: null }
  const shown = jobResult({ job: 'job-1', status: 'completed', steps, ...rest }, look)
  expect(shown.split('\n').slice(1)).toEqual([
    'trials of train',
    '     TRIAL  RATE   DEPTH  METRIC  BEST   TOOK  MESSAGE',
    '  ✓      1  1e-05  3      0.75    best  2.0 s',
    '  –      2  0.1    9      0.5           2.0 s  stopped early: outside the slack of the best trial a…',
  ])
})
