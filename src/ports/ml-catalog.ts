import type { PublishedPipeline } from './ml-service.ts'

/**
 * Published pipelines, for people who publish and submit by hand: `publish` a file, `find` it by name, `check` what a
 * job is to be submitted with, then `MlService.submit`. All may be called again with the same arguments.
 */
export interface MlCatalog {
  /** The same content under the same name is the version that is there. Throws UserError with the file's first problem. */
  publish(request: FileRequest): Promise<FilePublication>
  /** All versions of all pipelines, or of one, newest first. */
  list(name?: string): Promise<PipelineVersion[]>
  /** `name`, `name:version` or `name@latest`. Throws NotFoundError. */
  find(reference: string): Promise<PipelineVersion>
  /** Throws UserError when a job with these inputs could not begin. */
  check(pipeline: PublishedPipeline, inputs: Record<string, string>): Promise<void>
}

export interface FileRequest {
  /** Absolute path of a pipeline or component file. */
  file: string
  /** Default: what the file says, or else what it is called. */
  name?: string | undefined
  /** Values of inputs, so that the pipeline is checked whole. */
  inputs: Record<string, string>
}

export interface FilePublication {
  pipeline: PipelineVersion
  /** Local data that the file names for its inputs: it is not part of the published pipeline, a job is given it. */
  data: Record<string, string>
  /** Whether a job with these inputs could begin; otherwise `check` says why not. */
  complete: boolean
}

export interface PipelineVersion extends PublishedPipeline {
  /** The pipeline's own file, relative to the tree. */
  file: string
  /** Paths of everything that it is made of; registered components lie under `.components/`. */
  files: string[]
  createdAt: string
}
