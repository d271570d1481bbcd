import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audit } from '../support/auditor.ts'
import { allEnded, importTiny, type TestHome, testHome, untilRuns } from '../support/millwright.ts'

let home: TestHome
let clone: string

beforeAll(async () => {
  home = await testHome()
  await home.start()
  clone = await importTiny(home)
  await untilRuns(home, allEnded('cd', 2))
})

afterAll(() => home.remove())

test('a change of serve/ alone puts the current best into a new image without training', async () => {
  await appendFile(join(clone, 'mlops/alpha/serve/predict.py'), '\n# a faster service\n')
  await home.git(clone, 'commit', '-q', '-a', '-m', 'A faster service')
  await home.git(clone, 'push', '-q', 'origin', 'main')

  const [run] = await untilRuns(home, allEnded('cd', 3))
  expect(run).toMatchObject({ modelType: 'alpha', status: 'succeeded', outcome: 'repackaged' })
  expect(run?.stages.find(stage => stage.name === 'run-ml-pipeline')?.status).toBe('skipped')
  const versions = await home.json<unknown[]>('model', 'versions', 'alpha')
  expect(versions).toHaveLength(1)
  const images = await home.json<{ modelType: string; modelVersion: number; tags: string[] }[]>(
    'image',
    'list',
  )
  const ours = images.filter(image => image.modelType === 'alpha')
  expect(ours.map(image => image.modelVersion)).toEqual([1, 1])
  expect(ours[0]?.tags).toContain('dev')
  expect(await audit(home)).toEqual([])
})
