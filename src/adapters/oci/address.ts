import { UserError } from '#errors.ts'

/** Where a registry is: `base` ends in `/v2/`, `prefix` stands before every repository (empty or ending in `/`). */
export interface RegistryAddress {
  base: URL
  prefix: string
}

/**
 * Understands `host[:port][/prefix]`, with or without `https://`. Plain HTTP is taken for this machine only.
 * Throws UserError for anything else, also for a user or password in the address.
 */
export function registryAddress(text: string): RegistryAddress {
  const bare = text.replace(/^https?:\/\//, '')
  const [host = '', ...prefix] = bare.replace(/\/+$/, '').split('/')
  const insecure = text.startsWith('http://') || (!text.startsWith('https://') && isLoopback(host))
  if (!/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/.test(host) || !prefix.every(isComponent))
    throw badAddress(text)
  if (insecure && !isLoopback(host)) throw insecureAddress(host)
  const base = new URL(`${insecure ? 'http' : 'https'}://${host}/v2/`)
  return { base, prefix: prefix.map(part => `${part}/`).join('') }
}

/** Whether a host (with or without a port) is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)
}

function isComponent(text: string): boolean {
  return /^[a-z0-9]+([._-]+[a-z0-9]+)*$/.test(text)
}

function badAddress(text: string): UserError {
  const shown = text.replace(/\/\/[^/@]*@/, '//…@')
  return new UserError('registry-address', `${JSON.stringify(shown)} is not the address of a registry`, {
    hint: 'write host[:port][/prefix], e.g. registry.example.com/models; credentials belong elsewhere',
  })
}

function insecureAddress(host: string): UserError {
  return new UserError('registry-insecure', `plain HTTP is taken only for this machine, not for ${host}`, {
    hint: `write https://${host}`,
  })
}
