import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { artifactStoreContract } from '../../../test/contracts/artifact-store.ts'
import { folderArtifactStore } from './artifact-store.ts'

artifactStoreContract('folder', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millwright-artifacts-'))
  return {
    store: folderArtifactStore(directory),
    async damage(digest) {
      const hex = digest.slice('sha256:'.length)
      const file = join(directory, hex.slice(0, 2), hex)
      await chmod(file, 0o644)
      await writeFile(file, 'hellO')
    },
    close: () => rm(directory, { recursive: true, force: true }),
  }
})
