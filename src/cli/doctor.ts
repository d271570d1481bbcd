import { examine, type Finding } from './doctor/checks.ts'
import type { ExitCode, Invocation } from './invocation.ts'
import { parse } from './options.ts'
import { show, type View } from './print/show.ts'
import { glyph } from './print/status.ts'

export async function doctor(invocation: Invocation): Promise<ExitCode> {
  parse(invocation, command => command)
  const findings = await examine(invocation.config)
  const healthy = findings.every(finding => finding.status !== 'failed')
  show(invocation, { healthy, checks: findings }, findingList)
  return healthy ? 0 : 3
}

const STATUS = { ok: 'passed', warning: 'warning', failed: 'failed' } as const

const findingList: View<{ healthy: boolean; checks: Finding[] }> = ({ healthy, checks }, { colors }) => {
  const widest = Math.max(...checks.map(({ check }) => check.length))
  const lines = checks.map(({ check, status, message, hint }) => {
    const first = `${glyph(STATUS[status], colors)} ${check.padEnd(widest)}  ${message}`
    return hint === null ? first : `${first}\n  ${' '.repeat(widest)}  ${colors.cyan(hint)}`
  })
  const verdict = healthy ? colors.green('ready: millwright up') : colors.red('something is missing')
  return `${lines.join('\n')}\n\n${verdict}`
}
