import pc from 'picocolors'
import type { Invocation } from '../invocation.ts'

/** For tests: an invocation whose terminal keeps what is printed, without colours. */
export function capture(change: Partial<Invocation> = {}): {
  invocation: Invocation
  printed: { out: string; err: string }
} {
  const printed = { out: '', err: '' }
  const plain = pc.createColors(false)
  const terminal = {
    out(text: string) {
      printed.out += text
    },
    err(text: string) {
      printed.err += text
    },
    ...{ outColors: plain, errColors: plain, isTty: true, errIsTty: true, columns: 100 },
  }
  const config = {
    home: '/nowhere',
    databaseUrl: undefined,
    serverUrl: undefined,
    serverToken: undefined,
    mlflowTrackingUri: undefined,
    azureStorage: undefined,
    maxDownloadBytes: 0,
    failpoint: undefined,
    inheritedEnv: {},
  }
  const invocation = { path: 'test', summary: '', words: [], config, terminal, json: false, ...change }
  return { invocation, printed }
}
