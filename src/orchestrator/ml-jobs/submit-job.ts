import type { MlCatalog, PipelineVersion } from '#ports/ml-catalog.ts'
import type { MlService } from '#ports/ml-service.ts'

export interface ManualSubmission {
  job: string
  /** `name`, `name:version` or `name@latest`, unless `file` is given. */
  pipeline?: string | undefined
  /** Absolute path of a pipeline file, which is published first, under `pipeline` or its own name. */
  file?: string | undefined
  inputs: Record<string, string>
}

/**
 * Submits a job by hand; it registers no model. The same request under the same name finds the job that is there.
 * Throws UserError when it could not begin, ConflictError for another request under a used name.
 */
export async function submitJob(
  ports: { catalog: MlCatalog; mlService: MlService },
  { job, pipeline: reference, file, inputs: given }: ManualSubmission,
): Promise<void> {
  const { pipeline, data, complete } =
    file === undefined
      ? { pipeline: await ports.catalog.find(reference ?? ''), data: {}, complete: false }
      : await ports.catalog.publish({ file, name: reference, inputs: given })
  const inputs = { ...data, ...given }
  if (!complete) await ports.catalog.check(pipeline, inputs)
  await ports.mlService.submit({ job, pipeline: identity(pipeline), inputs, notify: null, register: null })
}

function identity({ name, version, digest }: PipelineVersion) {
  return { name, version, digest }
}
