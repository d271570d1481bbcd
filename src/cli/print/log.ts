import { StringDecoder } from 'node:string_decoder'
import { printable } from './printable.ts'
import type { Terminal } from './terminal.ts'

export interface LogPrinter {
  /** Prints the next bytes of a stage's log. */
  print(stage: string, chunk: Buffer): void
}

/** Prints logs as they come, each under its stage's name when `titled`; on a terminal without what could harm it. */
export function logPrinter({ out, outColors: colors, isTty }: Terminal, titled: boolean): LogPrinter {
  const decoders = new Map<string, StringDecoder>()
  let current = ''
  return {
    print(stage, chunk) {
      if (chunk.length === 0) return
      if (titled && stage !== current) out(`${current === '' ? '' : '\n'}${colors.bold(`── ${stage}`)}\n`)
      current = stage
      const decoder = decoders.get(stage) ?? new StringDecoder('utf8')
      decoders.set(stage, decoder)
      const text = decoder.write(chunk)
      out(isTty ? printable(text) : text)
    },
  }
}
