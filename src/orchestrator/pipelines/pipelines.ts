import { cd } from './cd.ts'
import { ci } from './ci.ts'
import type { Pipeline } from './pipeline.ts'
import { pullRequest } from './pull-request.ts'

/** The pipelines by name. */
export const PIPELINES: Record<Pipeline['name'], Pipeline> = { pr: pullRequest, ci, cd }
