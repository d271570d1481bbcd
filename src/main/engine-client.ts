import { DBOSClient } from '@dbos-inc/dbos-sdk'
import { ML_JOB_WORKFLOW, ML_JOBS_QUEUE } from '#ml-service/ml-pipeline.ts'
import type { PipelineEngine } from '#orchestrator/pipelines/pipeline.ts'
import { ML_JOB_TOPIC, RUN_WORKFLOW, RUNS_QUEUE } from '#orchestrator/pipelines/run-pipeline.ts'

export interface EngineClient extends PipelineEngine {
  /** Each attempt of a job is a workflow of its own. */
  startJob(job: string, attempt: number): Promise<void>
  close(): Promise<void>
}

/** The application whose workflows these are. */
export const APPLICATION = 'millwright'

/** Workflow code of the same version may take over each other's runs; changes go behind `DBOS.patch`. */
export const WORKFLOW_VERSION = '1'

/** Starts and wakes workflows from anywhere: also from inside a step, and from processes that run none. */
export async function connectEngine(databaseUrl: string): Promise<EngineClient> {
  const client = await DBOSClient.create({
    systemDatabaseUrl: databaseUrl,
    systemDatabasePoolSize: 3,
    applicationName: APPLICATION,
    logger: SILENT,
  })
  const enqueue = async (workflowName: string, queueName: string, workflowID: string, ...args: unknown[]) => {
    await client.enqueue({ workflowName, queueName, workflowID, appVersion: WORKFLOW_VERSION }, ...args)
  }
  return {
    start: run => enqueue(RUN_WORKFLOW, RUNS_QUEUE, run, run),
    startJob: (job, attempt) =>
      enqueue(ML_JOB_WORKFLOW, ML_JOBS_QUEUE, workflowOf(job, attempt), job, attempt),
    wake: (run, cause) => client.send(run, cause, ML_JOB_TOPIC),
    close: () => client.destroy(),
  }
}

function workflowOf(job: string, attempt: number): string {
  return attempt === 1 ? `ml-job/${job}` : `ml-job/${job}/${attempt}`
}

const SILENT = { info() {}, debug() {}, warn() {}, error() {} }
