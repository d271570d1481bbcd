import { connect } from './client.ts'
import { interrupted } from './interrupt.ts'
import type { ExitCode, Invocation } from './invocation.ts'
import { parse, portNumber, positiveInteger } from './options.ts'
import { type Ready, readyBanner, readyDocument, trackingLine } from './print/banner.ts'
import { printable } from './print/printable.ts'

interface Options {
  port?: number
  host?: string
  agents?: number
}

export async function up(invocation: Invocation): Promise<ExitCode> {
  const { options } = parse<Options>(invocation, command =>
    command
      .option('--port <port>', 'port of the server, 0 for any free one; default: 4400', portNumber)
      .option('--host <host>', 'address to listen on; default: 127.0.0.1')
      .option(
        '--agents <n>',
        'how many stages and steps run at once; default: one per core',
        positiveInteger,
      ),
  )
  const { port, host, agents } = options
  const { config, terminal } = invocation
  const { errColors: colors } = terminal
  const stopping = () => terminal.err(`\n${colors.dim('stopping; Ctrl-C again ends at once')}\n`)
  const server = await import('#main/up.ts')
  await server.up({
    ...{ config, port, host, agents },
    log: line => terminal.err(`${colors.dim(printable(line))}\n`),
    onReady: ready => void announce(invocation, ready),
    signal: interrupted(stopping),
  })
  process.exit(0) // connections that are kept alive would hold the process for seconds
}

async function announce({ config, terminal, json }: Invocation, ready: Ready): Promise<void> {
  if (json) return terminal.out(`${JSON.stringify(await readyDocument(ready))}\n`)
  const client = connect({ ...config, serverUrl: undefined, serverToken: undefined })
  const repositories = await client.get<{ name: string; url: string }[]>('/api/repositories').catch(() => [])
  terminal.out(readyBanner(ready, repositories, terminal.outColors))
  await ready.tracking.then(
    uri => terminal.out(trackingLine(uri, terminal.outColors)),
    () => {},
  )
}
