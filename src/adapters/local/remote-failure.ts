import { shownAddress } from '#datasets/remote-address.ts'
import { CancelledError, NotFoundError, UserError } from '#errors.ts'
import { ForbiddenAddress } from './network-guard.ts'

/** What a person is told when data can't be had. It names the address without its query, which may hold a signature. */
export function remoteFailure(url: string, error: unknown): Error {
  const shown = shownAddress(url)
  if (error instanceof UserError || error instanceof CancelledError) return error
  if (error instanceof ForbiddenAddress) {
    return new UserError('forbidden-address', `${shown} leads to an address that data may not come from`, {
      hint: 'Name a server on the internet, or one of your network by its own address.',
      cause: error,
    })
  }
  const { code, message } = error as NodeJS.ErrnoException
  const reason = code && !message.includes(code) ? `${code} ${message}`.trim() : message || String(code)
  return new UserError('download-failed', `${shown} can't be read: ${reason}`, {
    hint: 'Check the address, the network and the proxy settings (HTTPS_PROXY, NO_PROXY).',
    cause: error,
  })
}

/** What an answer that isn't a success means. */
export function refusedAnswer(url: string, status: number): UserError {
  const shown = shownAddress(url)
  if (status === 404 || status === 410) {
    return new NotFoundError('remote-data-not-found', `there is nothing at ${shown} (HTTP ${status})`, {
      hint: 'Check the address.',
    })
  }
  if (status === 401 || status === 403 || status === 409) {
    return new UserError('remote-data-not-allowed', `${shown} is not public (HTTP ${status})`, {
      hint: 'For a private blob, set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_SAS_TOKEN where Millwright is started.',
    })
  }
  return new UserError('download-failed', `${shown} answers with HTTP ${status}`, {
    hint: 'Try again later.',
  })
}

export function tooLarge(url: string, maxBytes: number): UserError {
  const message = `${shownAddress(url)} has more than ${maxBytes} bytes`
  return new UserError('download-too-large', message, {
    hint: 'Raise MILLWRIGHT_MAX_DOWNLOAD (bytes) where Millwright is started, or name less data.',
  })
}
