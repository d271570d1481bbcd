import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { datasetStoreContract } from '../../../test/contracts/dataset-store.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { localDatasetStore } from './dataset-store.ts'

const SCAN_SCRIPT = fileURLToPath(new URL('../../../runtimes/table-scan/scan.js', import.meta.url))

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

async function make() {
  const directory = await mkdtemp(join(tmpdir(), 'millwright-datasets-'))
  await database.db.deleteFrom('datasets').execute()
  const store = localDatasetStore({ db: database.db, directory, scanScript: SCAN_SCRIPT })
  return { store, directory, close: () => rm(directory, { recursive: true, force: true }) }
}

datasetStoreContract('local', make)

test('damaged files are never handed out, and registering them again mends them', async () => {
  const { store, directory, close } = await make()
  const source = join(directory, 'source.csv')
  await writeFile(source, 'x\n1\n')
  const dataset = await store.register('d', source)
  const stored = join(await store.folder(dataset), 'source.csv')
  await chmod(stored, 0o644)
  await writeFile(stored, 'x\n2\n')
  await expect(store.folder(dataset)).rejects.toThrow('damaged')
  expect((await store.register('d', source)).version).toBe(1)
  expect(await store.folder(dataset)).toBe(join(stored, '..'))
  await close()
})
