import { appendFile, link } from 'node:fs/promises'
import type { Command, CommandResult, CommandRunner } from '#ports/command-runner.ts'
import type { Distribution } from '../plan.ts'
import { freePorts } from './free-port.ts'

/** How a process ended, and which one it was. */
export interface ProcessEnd extends CommandResult {
  rank: number
}

/**
 * Runs a command once for each process of a distribution, all in one folder, and returns how the first that failed
 * ended, or else process 0; when one fails, the others are ended. Each writes `std_log_process_<rank>.txt` beside the
 * command's own log, which is process 0's.
 */
export async function runDistributed(
  commands: CommandRunner,
  distribution: Distribution,
  command: Command,
): Promise<ProcessEnd> {
  const variables = await processVariables(distribution)
  await nameTwice(command.log, processLog(command.log, 0))
  const failure = new AbortController()
  const signal = AbortSignal.any([failure.signal, ...(command.signal ? [command.signal] : [])])
  const failed: ProcessEnd[] = []
  const run = async (own: Record<string, string>, rank: number): Promise<ProcessEnd> => {
    const log = rank === 0 ? command.log : processLog(command.log, rank)
    const env = { ...own, ...command.env }
    const end = { ...(await commands.run({ ...command, env, log, signal })), rank }
    if (end.reason !== 'exited' || end.exitCode !== 0) failed.push(end)
    if (failed.length > 0) failure.abort()
    return end
  }
  const runs = variables.map((own, rank) => run(own, rank))
  for (const one of runs) one.catch(() => failure.abort())
  const ends = await allOf(runs)
  return failed[0] ?? ends[0]!
}

/** Beside `std_log.txt`, as Azure ML names them. */
export function processLog(log: string, rank: number): string {
  return log.replace(/(\.[^./]*)?$/, `_process_${rank}$1`)
}

/** One file, which is appended to, under two names. */
async function nameTwice(log: string, name: string): Promise<void> {
  await appendFile(log, '')
  await link(log, name)
}

/** Waits for all of them, also when one rejects; then rejects with the first reason. */
async function allOf<T>(works: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}

/**
 * What each process finds in its environment: for PyTorch the variables of `torch.distributed` (init method `env://`),
 * for TensorFlow a TF_CONFIG in which every process is a worker.
 */
async function processVariables({ type, processes }: Distribution): Promise<Record<string, string>[]> {
  const ports = await freePorts(type === 'pytorch' ? 1 : processes)
  const ranks = Array.from({ length: processes }, (_, rank) => rank)
  return ranks.map(rank =>
    type === 'pytorch' ? torchVariables(rank, processes, ports[0]!) : { TF_CONFIG: tfConfig(rank, ports) },
  )
}

function torchVariables(rank: number, processes: number, port: number): Record<string, string> {
  return {
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: String(port),
    WORLD_SIZE: String(processes),
    LOCAL_WORLD_SIZE: String(processes),
    RANK: String(rank),
    LOCAL_RANK: String(rank),
    NODE_RANK: '0',
  }
}

function tfConfig(index: number, ports: readonly number[]): string {
  const worker = ports.map(port => `127.0.0.1:${port}`)
  return JSON.stringify({ cluster: { worker }, task: { type: 'worker', index }, environment: 'cloud' })
}
