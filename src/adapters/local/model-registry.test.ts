import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelRegistryContract } from '../../../test/contracts/model-registry.ts'
import { freshDatabase } from '../../../test/support/database.ts'
import { localModelRegistry } from './model-registry.ts'

modelRegistryContract('local', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millwright-models-'))
  const database = await freshDatabase()
  return {
    registry: localModelRegistry({ db: database.db, directory }),
    async close() {
      await database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
