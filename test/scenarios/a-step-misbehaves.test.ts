import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobReport } from '#ml-service/job.ts'
import { type TestHome, testHome } from '../support/millwright.ts'

let home: TestHome
let count = 0

beforeAll(async () => {
  home = await testHome()
})
afterAll(() => home.remove())

/** Runs one step `s` with a folder `data` as input and a folder as output. */
async function runStep(command: string, options: { folder?: string; more?: string } = {}) {
  const folder = options.folder ?? join(home.path, `case-${++count}`)
  mkdirSync(join(folder, 'data'), { recursive: true })
  writeFileSync(join(folder, 'data/rows.csv'), 'a\n1\n')
  writeFileSync(join(folder, 'pipeline.yml'), pipeline(command, options.more ?? ''))
  const words = ['ml', 'run', join(folder, 'pipeline.yml'), '--output-dir', join(folder, 'job'), '--json']
  const answer = await home.millwright(...words)
  const report = JSON.parse(answer.stdout) as JobReport
  const step = report.steps?.find(one => one.name === 's')
  return { folder, answer, report, step, log: step?.log ? readFileSync(step.log) : Buffer.alloc(0) }
}

const pipeline = (command: string, more: string) => `type: pipeline
inputs: { data: { type: uri_folder, path: ./data } }
jobs:
  s:
    command: ${JSON.stringify(command)}
    environment: { image: none }
    inputs: { data: "\${{parent.inputs.data}}" }
    outputs: { o: { type: uri_folder } }
${more}`

const asRoot = process.getuid?.() === 0

test('writing to an input fails, and the user’s data stay as they are', async () => {
  const { folder, step, log } = await runStep('echo 2 >> ${{inputs.data}}/rows.csv')
  expect(step).toMatchObject({ status: 'failed', exitCode: 1 })
  expect(log.toString()).toMatch(/read-only|denied/i)
  expect(readFileSync(join(folder, 'data/rows.csv'), 'utf8')).toBe('a\n1\n')
})

test('what another step left can’t be changed by those who read it', async () => {
  const reader = `  reader:
    command: (echo bad > \${{inputs.o}}/file) || (touch \${{inputs.o}}/new) || cat \${{inputs.o}}/file
    environment: { image: none }
    inputs: { o: "\${{parent.jobs.s.outputs.o}}" }
`
  const { folder, report } = await runStep('echo good > ${{outputs.o}}/file', { more: reader })
  expect(report.status).toBe('completed')
  const output = join(folder, 'job/steps/s/outputs/o')
  expect(readdirSync(output)).toEqual(['file'])
  expect(readFileSync(join(output, 'file'), 'utf8')).toBe('good\n')
})

test('a step may remove the folder that it runs in', async () => {
  const { step, folder } = await runStep('echo x > ${{outputs.o}}/f; rm -rf "$PWD"; echo still here')
  expect(step).toMatchObject({ status: 'completed', exitCode: 0 })
  expect(existsSync(join(folder, 'job/steps/s/outputs/o/f'))).toBe(true)
})

test('bytes that are no text are kept as they are', async () => {
  const { step, log } = await runStep(`printf '\\000\\377\\376\\r\\033[31m'`)
  expect(step?.status).toBe('completed')
  expect(log).toEqual(Buffer.from('\0\xff\xfe\r\x1b[31m', 'latin1'))
})

test('a step that closes its output goes on to its end', async () => {
  const { step, folder } = await runStep('exec >&- 2>&-; sleep 0.3; touch ${{outputs.o}}/late; exit 0')
  expect(step).toMatchObject({ status: 'completed', exitCode: 0 })
  expect(existsSync(join(folder, 'job/steps/s/outputs/o/late'))).toBe(true)
})

test('what a step leaves running is gone when the step has ended', async () => {
  const { folder, step } = await runStep(
    '(setsid sh -c "sleep 3; touch ${{outputs.o}}/ghost" >/dev/null 2>&1 &); nohup sleep 9876 & exit 0',
  )
  expect(step?.status).toBe('completed')
  expect(commandLines().filter(line => line.includes('sleep\0' + '9876'))).toEqual([])
  expect(readdirSync(join(folder, 'job/steps/s/outputs/o'))).toEqual([])
})

test('a step that a signal has ended says which', async () => {
  const { step, answer } = await runStep('kill -SEGV $$')
  expect(step).toMatchObject({ status: 'failed', exitCode: 139 })
  expect(step?.error).toMatch(/was ended by SIGSEGV/)
  expect(answer.code).toBe(3)
})

test('data that change while a step reads them aren’t remembered under what they were', async () => {
  const slow = 'cat ${{inputs.data}}/rows.csv > ${{outputs.o}}/seen; touch ../../../started; sleep 1'
  const folder = join(home.path, 'changing')
  const running = runStep(slow, { folder })
  while (!existsSync(join(folder, 'job/started'))) await new Promise(resolve => setTimeout(resolve, 20))
  writeFileSync(join(folder, 'data/rows.csv'), 'a\n2\n')
  expect((await running).step?.status).toBe('completed')
  const again = await runStep(slow, { folder: join(home.path, 'changing-again') })
  expect(again.step).toMatchObject({ status: 'completed', reused: false })
})

test('code that changes while the job runs is not what later steps see', async () => {
  const folder = join(home.path, 'editing')
  mkdirSync(join(folder, 'code'), { recursive: true })
  writeFileSync(join(folder, 'code/say.sh'), 'echo before\n')
  const second = `  second:
    command: bash say.sh; cat \${{inputs.o}}/x
    code: ./code
    environment: { image: none }
    inputs: { o: "\${{parent.jobs.s.outputs.o}}" }
`
  const command = `echo 'echo after' > ${join(folder, 'code/say.sh')}; touch \${{outputs.o}}/x`
  const { report } = await runStep(command, { folder, more: second })
  const log = report.steps.find(step => step.name === 'second')!.log
  expect(readFileSync(log, 'utf8')).toBe('before\n')
})

test.runIf(asRoot)('a full disk is said in words, and with more room the job goes on', async () => {
  const folder = join(home.path, 'small-disk')
  mkdirSync(join(folder, 'job'), { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', join(folder, 'job')])
  try {
    const command = 'head -c 5000000 /dev/zero > ${{outputs.o}}/big'
    const { answer } = await runStep(command, { folder })
    expect([2, 3]).toContain(answer.code)
    expect(answer.stdout).toMatch(/no space left/i)
    expect(answer.stderr).not.toMatch(/internal error/)
    execFileSync('mount', ['-o', 'remount,size=20m', join(folder, 'job')])
    expect((await runStep(command, { folder })).report.status).toBe('completed')
  } finally {
    execFileSync('umount', [join(folder, 'job')])
  }
})

function commandLines(): string[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.map(pid => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  })
}
