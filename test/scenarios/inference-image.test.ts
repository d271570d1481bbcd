import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { localCommandRunner } from '#adapters/local/command-runner.ts'
import { processEngine } from '#adapters/local/image-engine.ts'
import { CancelledError } from '#errors.ts'
import { checkImage } from '#orchestrator/stages/image-checks/check-image.ts'
import {
  modelDigest,
  PREDICT,
  type TinyModel,
  type TinyModelChange,
  tinyModel,
} from '../support/tiny-model.ts'

const python = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'].find(existsSync)
const made: string[] = []
const temporary = await mkdtemp(join(tmpdir(), 'millwright-engine-'))
const engine = processEngine({ python: python ?? 'python3', commands: localCommandRunner(), temporary })

afterAll(async () => {
  for (const folder of [...made, temporary]) await rm(folder, { recursive: true, force: true })
})

describe.skipIf(!python)('an inference image is examined before its push', { timeout: 60_000 }, () => {
  test('a good one passes every level', async () => {
    const report = await examine(await make())
    expect(statuses(report)).toEqual(Array(7).fill('passed'))
    expect(report.engine).toBe('process')
    expect(await readdir(temporary)).toEqual([])
  })

  test('without golden requests parity is not run, and says so', async () => {
    const report = await examine({ ...(await make()), golden: [] })
    expect(report.levels.find(level => level.level === 'S5 golden parity')?.status).toBe('not run')
    expect(report.levels.filter(level => level.status === 'passed')).toHaveLength(6)
  })

  test('S0: a damaged blob', async () => {
    const tiny = await make()
    const blobs = join(tiny.layout, 'blobs/sha256')
    const largest = (await readdir(blobs))[0]!
    await writeFile(join(blobs, largest), 'damaged')
    expect(await failedLevel(tiny)).toMatch(/^S0 static: .*damaged/)
  })

  test('S0: labels of another model version', async () => {
    const tiny = await make()
    expect(await failedLevel({ ...tiny, model: { ...tiny.model, version: 4 } })).toMatch(
      /^S0 static: .*"3", not 4/,
    )
  })

  test('S1: a model file that was altered, and one that is missing', async () => {
    const altered = await make({ weights: '[1.5, 2.25]', digest: modelDigest({ weights: '[1.5, -2.25]' }) })
    expect(await failedLevel(altered)).toMatch(/^S1 starts: .*exit code 3: .*digest/)
    const missing = await make({
      digest: modelDigest({ weights: '[1.5, -2.25]', extra: Buffer.from('more') }),
    })
    expect(await failedLevel(missing)).toMatch(/^S1 starts: .*exit code 3: .*digest/)
  })

  test('S1 or S3, whichever sees the end first: a model that cannot be loaded', async () => {
    const predict = PREDICT.replace('/weights.json', '/elsewhere.json')
    expect(await failedLevel(await make({ predict }))).toMatch(/^S[13] .*exit code 3: .*FileNotFoundError/)
  })

  test('S3: a model that loads too slowly', async () => {
    const predict = PREDICT.replace('with open', 'import time; time.sleep(60)\n    with open')
    expect(await failedLevel(await make({ predict }), { ready: 0.5 })).toMatch(
      /^S3 ready: .*within 0.5 s \(last: 503\)/,
    )
  })

  test('S4: a service that serves another version than its labels say', async () => {
    const tiny = await make({ server: ['"versions": [self.version]', '"versions": ["2"]'] })
    expect(await failedLevel(tiny)).toMatch(/^S4 identity: .*\["2"\], not \["3"\]/)
  })

  test('S5: one weight with its sign flipped', async () => {
    const tiny = await make({ weights: '[1.5, 2.25]' })
    expect(await failedLevel(tiny)).toMatch(/^S5 golden parity: .*'label' has 1 at 0, but .* scored 0/)
  })

  test('S5: a service that is ready without having loaded its model', async () => {
    const tiny = await make({ server: ['service.load()\n', 'service.ready = True\n'] })
    expect(await failedLevel(tiny)).toMatch(/^S5 golden parity: .* got 500/)
    expect(await failedLevel({ ...tiny, golden: [] })).toMatch(/^S6 bad input: a good request got 500/)
  })

  test('S6: a service that answers for models it does not have', async () => {
    const tiny = await make({ server: ['*rest] if name == service.name', '*rest]'] })
    expect(await failedLevel(tiny)).toMatch(/^S6 bad input: an unknown model got 200/)
  })

  test('S6: a service that does not look at shapes', async () => {
    const tiny = await make({ server: ['    if not fits:', '    if False:'] })
    expect(await failedLevel(tiny)).toMatch(/^S6 bad input: a wrong shape got 200/)
  })

  test('S8: a service that ignores SIGTERM', async () => {
    const tiny = await make({ server: ['lambda *_: stop.set()', 'signal.SIG_IGN'] })
    expect(await failedLevel(tiny, { stop: 0.5 })).toMatch(/^S8 stop: SIGTERM did not end it within 0.5 s/)
  })

  test('a cancelled examination leaves nothing', async () => {
    const tiny = await make({
      predict: PREDICT.replace('with open', 'import time; time.sleep(60)\n    with open'),
    })
    const signal = AbortSignal.timeout(700)
    const examined = checkImage({ ...checkOf(tiny), signal })
    await expect(examined).rejects.toThrow(CancelledError)
    expect(await readdir(temporary)).toEqual([])
  })
})

async function make(change: TinyModelChange = {}): Promise<TinyModel> {
  const tiny = await tinyModel(change)
  made.push(tiny.folder)
  return tiny
}

function checkOf({ folder, layout, model, signature, golden }: TinyModel) {
  return { engine, layout, model, signature, golden, log: join(folder, 'service.log') }
}

function examine(tiny: TinyModel, budgets = {}) {
  return checkImage({ ...checkOf(tiny), budgets })
}

async function failedLevel(tiny: TinyModel, budgets = {}): Promise<string> {
  const { levels } = await examine(tiny, budgets)
  const place = levels.findIndex(level => level.status === 'failed')
  expect(levels.slice(place + 1).every(level => level.status === 'not run')).toBe(true)
  expect(await readdir(temporary)).toEqual([])
  return `${levels[place]?.level}: ${levels[place]?.message}`
}

function statuses(report: { levels: { status: string }[] }): string[] {
  return report.levels.map(level => level.status)
}
