import { componentLookup, componentNames } from '#adapters/local/component-lookup.ts'
import { localComponentRegistry } from '#adapters/local/component-registry.ts'
import type { Config } from '#config.ts'
import { homeFolders } from '#home.ts'
import { type LintOptions, lintPipeline } from '#ml-service/pipeline-file/lint.ts'
import type { ComponentRegistry } from '#ports/component-registry.ts'

/** The registered components of a home; no server is needed. */
export function homeComponents(config: Config): ComponentRegistry {
  return localComponentRegistry(homeFolders(config.home).components)
}

/** Checks a pipeline or component file; references to components are looked up in the home. */
export function lintWithComponents(
  config: Config,
  file: string,
  target: LintOptions['target'],
): ReturnType<typeof lintPipeline> {
  const { components } = homeFolders(config.home)
  const registry = componentLookup(components)
  return lintPipeline(
    file,
    {},
    { registry, registered: () => componentNames(components), ...(target && { target }) },
  )
}
