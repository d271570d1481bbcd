import { join } from 'node:path'
import { folderArtifactStore } from '#adapters/local/artifact-store.ts'
import { processEngine } from '#adapters/local/image-engine.ts'
import { layoutRegistry } from '#adapters/local/image-registry.ts'
import { imageAssembler } from '#adapters/local/inference-image.ts'
import { localPipelineRunner } from '#adapters/local/pipeline-runner.ts'
import { folderTree } from '#adapters/local/source-tree.ts'
import { ociRegistry } from '#adapters/oci/image-registry.ts'
import type { Config } from '#config.ts'
import { NotFoundError } from '#errors.ts'
import { createSlots } from '#ml-service/executor/slots.ts'
import type { ExecutorPorts } from '#ml-service/job.ts'
import { readModelTypes } from '#model-types/read-repository.ts'
import { readSettings } from '#model-types/read-settings.ts'
import { requirementLines } from '#model-types/requirements-file.ts'
import type { Declaration, StagePorts } from '#orchestrator/stages/stage.ts'
import type { MlService } from '#ports/ml-service.ts'
import { type DataSources, dataResolver } from './data-resolver.ts'
import type { ServerData } from './data-sources.ts'
import { withCuratedEnvironments } from './environment-map.ts'
import { packageFolder } from './package-folder.ts'
import type { Tools } from './tools.ts'

/** The executor for work in an agent that is held already: one step at a time, nothing tracked. */
export function agentExecutor(tools: Tools, config: Config, data: DataSources): ExecutorPorts {
  return {
    commands: tools.commands,
    environments: tools.environments,
    cache: tools.cache,
    warmPython: tools.warmPython,
    digest: tools.digest,
    env: config.inheritedEnv,
    tracking: undefined,
    resolveData: dataResolver(data),
    takeSlot: createSlots(1),
  }
}

/** Everything that stages may use, on this machine. */
export function composeStagePorts(
  config: Config,
  tools: Tools,
  mlService: MlService,
  data: ServerData,
): StagePorts {
  const { folders, commands, environments } = tools
  const { datasets, models } = data.registered
  return {
    artifacts: folderArtifactStore(folders.artifacts),
    assembleImage: imageAssembler({ runtimes: packageFolder('runtimes') }),
    clock: tools.clock,
    commands,
    datasets,
    async engineFor(requirements, signal) {
      const environment = await environments.prepare({ requirements }, { signal })
      return processEngine({ python: join(environment, 'bin', 'python'), commands })
    },
    environments,
    inheritedEnv: config.inheritedEnv,
    mlService,
    models,
    pipelines: localPipelineRunner(agentExecutor(tools, config, data), folders),
    readModelType: async (source, name) => readSource(source, name),
    registryFor: registry =>
      registry === null ? layoutRegistry(folders.images) : ociRegistry({ url: registry }),
  }
}

function readSource(source: string, name: string): Declaration {
  const tree = folderTree(source)
  const { modelTypes, problems } = readModelTypes(tree)
  const modelType = modelTypes.find(found => found.name === name)
  if (modelType) {
    const lines = (file: string | null) => (file ? requirementLines(tree, file) : [])
    const requirements = { checks: lines(modelType.requirements), serve: lines(modelType.serve.requirements) }
    return { modelType, settings: withCuratedEnvironments(readSettings(tree)), requirements }
  }
  if (problems[0])
    throw problems.find(problem => problem.place.file?.startsWith(`mlops/${name}/`)) ?? problems[0]
  const known = modelTypes.map(found => found.name).join(', ')
  throw new NotFoundError('no-such-model-type', `there is no model type '${name}' in ${source}`, {
    hint: `there are: ${known || 'none'}`,
  })
}
