import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StageFailure, UserError } from '#errors.ts'
import { ARTIFACT_FILE } from '#model-types/repository-paths.ts'
import { unpackFiles } from './archive.ts'
import type { ArtifactManifest } from './package-artifacts.ts'
import { readLeft, type StageInput, type StageOutput, type StagePorts } from './stage.ts'

/** `download-artifacts`: fetches the CI run's artifact, verifies every file, and unpacks it as this run's source tree. */
export async function downloadArtifacts(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const archive = join(input.out, 'artifact.tar.gz')
  const digest = await fetchArchive(archive, input, ports)
  await rm(input.source, { recursive: true, force: true })
  const files = await unpackFiles(archive, input.source)
  await verifyManifest(files, input)
  await writeFile(
    join(input.source, ARTIFACT_FILE),
    `${JSON.stringify({ digest, commit: input.run.commit })}\n`,
  )
  return { summary: `${files.length} files, verified`, detail: { digest, files: files.length } }
}

async function fetchArchive(
  archive: string,
  { run, in: folder }: StageInput,
  { artifacts }: StagePorts,
): Promise<string> {
  if (run.artifact) {
    await artifacts.get(run.artifact, archive)
    return run.artifact
  }
  const packaged = join(folder, 'artifact.tar.gz')
  if (
    await stat(packaged).then(
      () => true,
      () => false,
    )
  ) {
    const digest = await artifacts.put(packaged)
    await artifacts.get(digest, archive)
    return digest
  }
  throw new UserError('artifact-missing', `there is no artifact.tar.gz in ${folder}`, {
    hint: "run the stage 'package-artifacts' first, and give its --out folder as --in",
  })
}

/** Alone, the manifest lies beside the archive; in a run, the archive's own digest has said it all. */
async function verifyManifest(files: ArtifactManifest['files'], input: StageInput): Promise<void> {
  if (input.run.artifact) return
  const { manifest } = await readLeft<{ manifest: ArtifactManifest }>(input, 'package-artifacts')
  const expected = new Map(manifest.files.map(file => [file.path, file.digest]))
  const damaged = files.find(file => expected.get(file.path) !== file.digest)
  if (damaged || files.length !== expected.size) {
    throw new StageFailure(`the artifact differs from its manifest${damaged ? ` at ${damaged.path}` : ''}`, {
      hint: 'run CI again',
    })
  }
}
