/**
 * Whether an error says that the database is away or refused for a moment (connection errors, SQLSTATE classes 08, 40,
 * 53 and 57P), so that trying again makes sense.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (/^(08|40|53|57P)/.test(code) || /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT_SOCKET|ETIMEDOUT)$/.test(code))
    return true
  if (
    /Connection terminated|connection timeout|Client has encountered a connection error|timeout exceeded when trying to connect/i.test(
      error.message,
    )
  )
    return true
  if (error instanceof AggregateError) return error.errors.some(isTransient)
  return isTransient(error.cause)
}
