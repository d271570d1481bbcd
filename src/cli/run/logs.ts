import { setTimeout as sleep } from 'node:timers/promises'
import { NotFoundError } from '#errors.ts'
import type { RunDocument } from '#server/documents/run.ts'
import { api, type Client, connect } from '../client.ts'
import type { ExitCode, Invocation } from '../invocation.ts'
import { parse } from '../options.ts'
import { type LogPrinter, logPrinter } from '../print/log.ts'
import { hasEnded } from './follow.ts'

export async function runLogs(invocation: Invocation): Promise<ExitCode> {
  const { args, options } = parse<{ stage?: string; follow?: true }>(invocation, command =>
    command
      .argument('<run>', 'id or build id')
      .option('--stage <name>', 'only this stage')
      .option('-f, --follow', 'go on until the run has ended'),
  )
  const client = connect(invocation.config)
  const run = await client.get<RunDocument>(api`/api/runs/${args[0]!}`)
  refuseUnknownStage(run, options.stage)
  if (invocation.json) return printJson(invocation, client, run, options.stage)
  const printer = logPrinter(invocation.terminal, options.stage === undefined)
  await printNew(client, run, options, printer)
  return 0
}

function refuseUnknownStage(run: RunDocument, name: string | undefined): void {
  const names = run.stages.map(stage => stage.name)
  if (name === undefined || names.includes(name)) return
  const hint = `its stages are ${names.join(', ')}`
  throw new NotFoundError('no-such-stage', `run ${run.id} has no stage '${name}'`, { hint })
}

async function printJson(
  { terminal }: Invocation,
  client: Client,
  run: RunDocument,
  stage: string | undefined,
): Promise<ExitCode> {
  const logs = []
  for (const name of begunStages(run, stage)) {
    logs.push({ stage: name, log: (await readLog(client, run, name, 0)).toString('utf8') })
  }
  terminal.out(`${JSON.stringify({ run: run.id, logs }, null, 2)}\n`)
  return 0
}

/** Prints the logs; with `follow`, then what is new in them and in those that begin later, until the run has ended. */
async function printNew(
  client: Client,
  run: RunDocument,
  { stage, follow }: { stage?: string; follow?: true },
  printer: LogPrinter,
): Promise<void> {
  const offsets = new Map<string, number>()
  for (let latest = run; ; latest = await client.get<RunDocument>(api`/api/runs/${run.id}`)) {
    for (const name of begunStages(latest, stage)) {
      const offset = offsets.get(name) ?? 0
      const chunk = await readLog(client, run, name, offset)
      printer.print(name, chunk)
      offsets.set(name, offset + chunk.length)
    }
    if (!follow || hasEnded(latest)) return
    await sleep(400)
  }
}

function begunStages(run: RunDocument, only: string | undefined): string[] {
  const begun = run.stages.filter(stage => stage.startedAt !== null).map(stage => stage.name)
  return only === undefined ? begun : [only]
}

async function readLog(client: Client, run: RunDocument, stage: string, offset: number): Promise<Buffer> {
  const response = await client.open(api`/api/runs/${run.id}/stages/${stage}/log`, { offset })
  return Buffer.from(await response.arrayBuffer())
}
