import { interrupted } from './interrupt.ts'
import type { ExitCode, Invocation } from './invocation.ts'
import { parse, positiveInteger } from './options.ts'
import { printable } from './print/printable.ts'

interface Options {
  name?: string
  agents?: number
}

export async function worker(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<Options>(invocation, command =>
    command
      .option(
        '--name <name>',
        'stable name, so that a restarted worker finds its own work; default: a new one',
      )
      .option(
        '--agents <n>',
        'how many stages and steps run at once; default: one per core',
        positiveInteger,
      ),
  )
  const { name, agents } = options
  const { config, terminal, json } = invocation
  const { errColors: colors } = terminal
  const stopping = () => terminal.err(`\n${colors.dim('stopping; Ctrl-C again ends at once')}\n`)
  const main = await import('#main/worker.ts')
  await main.worker({
    ...{ config, name, agents },
    log: line => terminal.err(`${colors.dim(printable(line))}\n`),
    onReady: ready => terminal.out(json ? `${JSON.stringify(ready)}\n` : sentence(ready)),
    signal: interrupted(stopping),
  })
  process.exit(0) // connections that are kept alive would hold the process for seconds
}

function sentence({ id, agents }: { id: string; agents: number }): string {
  return `${printable(id)} is ready, with ${agents} agent${agents === 1 ? '' : 's'}\n`
}
