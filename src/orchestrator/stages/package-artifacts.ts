import { writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { ModelType } from '#model-types/model-type.ts'
import { listTree, packFiles } from './archive.ts'
import type { StageInput, StageOutput, StagePorts } from './stage.ts'

/** What CI hands to CD: everything that training and packaging need, and nothing else. */
export interface ArtifactManifest {
  modelType: string
  commit: string
  files: { path: string; bytes: number; digest: string }[]
}

/**
 * `package-artifacts`: a deterministic archive of the pipeline, its components and their code, the score component,
 * the inference service's code and the declarations, with a manifest of digests. The same tree gives the same bytes.
 * Components that the pipeline takes from the registry come with it, as they are now.
 */
export async function packageArtifacts(input: StageInput, ports: StagePorts): Promise<StageOutput> {
  const { modelType } = await ports.readModelType(input.source, input.modelType)
  const { paths, elsewhere } = await artifactPaths(modelType, input, ports)
  const archive = join(input.out, 'artifact.tar.gz')
  const { files } = await packFiles(input.source, paths, archive, elsewhere)
  const manifest: ArtifactManifest = { modelType: modelType.name, commit: input.run.commit, files }
  await writeFile(join(input.out, 'artifact.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const digest = await ports.artifacts.put(archive)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return { summary: `${files.length} files, ${digest.slice(0, 19)}`, detail: { digest, bytes, manifest } }
}

async function artifactPaths(
  modelType: ModelType,
  { source }: StageInput,
  { pipelines }: StagePorts,
): Promise<{ paths: string[]; elsewhere: Map<string, string> }> {
  const [training, scoring, all] = await Promise.all([
    pipelines.files(source, modelType.pipeline, modelType.train.inputs),
    pipelines.files(source, modelType.compare.score, scoreInputs(modelType)),
    listTree(source),
  ])
  const service = all.filter(path => path.startsWith(`${modelType.serve.code}/`) && !isByteCode(path))
  const declarations = [
    modelType.file,
    'mlops/millwright.yml',
    modelType.requirements,
    modelType.serve.requirements,
  ]
  const named = declarations.filter(path => path !== null && all.includes(path)) as string[]
  const elsewhere = new Map([...training, ...scoring].map(({ path, from }) => [posix.normalize(path), from]))
  const plain = [...service, ...named].map(path => posix.normalize(path))
  return { paths: [...new Set([...elsewhere.keys(), ...plain])].sort(), elsewhere }
}

/** Python's own cache: it holds times, so that the same tree would give other bytes. */
function isByteCode(path: string): boolean {
  return path.split('/').includes('__pycache__')
}

/** What a score component is given: a model and the data to score. Which model isn't known yet. */
function scoreInputs({ name, compare }: ModelType): Record<string, string> {
  return { model: `azureml:${name}@latest`, data: compare.dataset }
}
