import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DataType, PlannedStep } from '../plan.ts'
import { datastorePath } from './datastore-path.ts'
import type { JobContext, StepOutput } from './job-context.ts'

/** Where a step's outputs go, by name and relative to the job's folder; `artifacts` is the reserved one. */
export function outputPaths(job: JobContext, step: PlannedStep): Record<string, string> {
  const folder = job.folder.step(step.name)
  const declared = Object.entries(step.outputs).map(([name, { path }]) => {
    const chosen = path === undefined ? undefined : datastorePath(expand(job, step, path, name))
    return [name, chosen ?? join(folder.outputs, name)]
  })
  const artifacts = job.artifactsWanted.has(step.name) ? { artifacts: folder.artifacts } : {}
  return { ...Object.fromEntries(declared), ...artifacts }
}

/** Makes them as the process contract says: files don't exist but their folder does, folders exist and are empty. */
export async function makeOutputs(
  job: JobContext,
  step: PlannedStep,
  paths: Record<string, string>,
): Promise<void> {
  for (const [name, relative] of Object.entries(paths)) {
    if (name === 'artifacts') continue
    const path = join(job.folder.root, relative)
    if (existsSync(path)) await rm(path, { recursive: true })
    mkdirSync(isFile(step.outputs[name]?.type) ? dirname(path) : path, { recursive: true })
  }
}

/** What the step left: the outputs that exist, with the digests of their contents. */
export async function collectOutputs(
  job: JobContext,
  paths: Record<string, string>,
): Promise<Record<string, StepOutput>> {
  const outputs: Record<string, StepOutput> = {}
  for (const [name, path] of Object.entries(paths)) {
    const full = join(job.folder.root, path)
    if (!existsSync(full)) continue
    outputs[name] = { path, digest: await job.ports.digest(full) }
  }
  return outputs
}

function isFile(type: DataType | undefined): boolean {
  return type === 'uri_file'
}

/** `${{name}}` is the name of the step's own job. */
function expand(job: JobContext, step: PlannedStep, path: string, output: string): string {
  const values: Record<string, string> = {
    name: `${job.request.job}.${step.name}`,
    default_datastore: job.request.plan.settings.defaultDatastore.replace(/^azureml:/, ''),
    output_name: output,
  }
  return path.replace(/\$\{\{\s*(\w+)\s*\}\}/g, (text, name: string) => values[name] ?? text)
}
