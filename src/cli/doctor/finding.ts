import type { Finding } from './checks.ts'

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message, hint: null }
}

export function warning(check: string, message: string, hint: string): Finding {
  return { check, status: 'warning', message, hint }
}

export function failed(check: string, message: string, hint: string): Finding {
  return { check, status: 'failed', message, hint }
}
