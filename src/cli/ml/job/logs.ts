import { setTimeout as sleep } from 'node:timers/promises'
import type { MlJobDocument } from '#server/documents/ml-job.ts'
import { api, type Client, connect } from '../../client.ts'
import type { ExitCode, Invocation } from '../../invocation.ts'
import { parse } from '../../options.ts'
import { type LogPrinter, logPrinter } from '../../print/log.ts'
import { jobHasEnded } from './follow.ts'

/** What one JSON document holds of each log at most, from its end. */
const JSON_TAIL = 1024 * 1024

export async function mlJobLogs(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ follow?: true }>(invocation, command =>
    command
      .argument('<job>', 'name of the job')
      .argument('[step]', 'only this step; of a nested pipeline: outer.inner')
      .option('-f, --follow', 'go on until the step, or the job, has ended'),
  )
  const [name, step] = args as [string, string | undefined]
  const client = connect(invocation.config)
  const job = await client.get<MlJobDocument>(api`/api/ml/jobs/${name}`)
  if (invocation.json) return printJson(invocation, client, job, step)
  const printer = logPrinter(invocation.terminal, step === undefined)
  if (step !== undefined) await printStep(client, job, step, options.follow === true, printer)
  else await printAll(client, job, options.follow === true, printer)
  return 0
}

async function printJson(
  { terminal }: Invocation,
  client: Client,
  job: MlJobDocument,
  only: string | undefined,
): Promise<ExitCode> {
  const logs = []
  for (const step of only === undefined ? begun(job) : [only]) {
    const answer = await client.open(logOf(job, step), { tail: JSON_TAIL })
    logs.push({ step, log: await answer.text() })
  }
  terminal.out(`${JSON.stringify({ job: job.job, logs }, null, 2)}\n`)
  return 0
}

/** The server sends on what is added until the step has ended. */
async function printStep(
  client: Client,
  job: MlJobDocument,
  step: string,
  follow: boolean,
  printer: LogPrinter,
): Promise<void> {
  const answer = await client.open(logOf(job, step), { follow })
  for await (const chunk of answer.body ?? []) printer.print(step, Buffer.from(chunk as Uint8Array))
}

/** Prints the logs; with `follow`, then what is new in those of open steps, until the job has ended. */
async function printAll(
  client: Client,
  job: MlJobDocument,
  follow: boolean,
  printer: LogPrinter,
): Promise<void> {
  const offsets = new Map<string, number>()
  const whole = new Set<string>()
  for (let latest = job; ; latest = await client.get<MlJobDocument>(api`/api/ml/jobs/${job.job}`)) {
    for (const step of begun(latest).filter(name => !whole.has(name))) {
      await printFrom(client, latest, step, offsets, printer)
      if (hasEnded(latest, step)) whole.add(step)
    }
    if (!follow || jobHasEnded(latest)) return
    await sleep(500)
  }
}

async function printFrom(
  client: Client,
  job: MlJobDocument,
  step: string,
  offsets: Map<string, number>,
  printer: LogPrinter,
): Promise<void> {
  const offset = offsets.get(step) ?? 0
  const answer = await client.open(logOf(job, step), { offset })
  let read = 0
  for await (const chunk of answer.body ?? []) {
    const bytes = Buffer.from(chunk as Uint8Array)
    read += bytes.length
    printer.print(step, bytes)
  }
  offsets.set(step, offset + read)
}

function begun(job: MlJobDocument): string[] {
  return job.steps.filter(step => step.log !== '').map(step => step.name)
}

function hasEnded(job: MlJobDocument, name: string): boolean {
  const status = job.steps.find(step => step.name === name)?.status
  return status !== 'pending' && status !== 'preparing' && status !== 'running'
}

function logOf(job: MlJobDocument, step: string): string {
  return api`/api/ml/jobs/${job.job}/steps/${step}/log`
}
