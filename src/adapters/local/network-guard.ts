import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/** A pipeline file leads our process somewhere that a pipeline file has no business with. */
export class ForbiddenAddress extends Error {}

const LINK_LOCAL = blockList(['169.254.0.0/16', 'fe80::/10'])
const INTERNAL = blockList([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ...['198.18.0.0/15', '224.0.0.0/3', '::/128', '::1/128', 'fc00::/7', 'ff00::/8'],
])

/**
 * Refuses addresses of the link (where clouds keep credentials of machines) always, and with `publicOnly` also those of
 * this machine and of private networks. Throws ForbiddenAddress. For names it is asked again with what they resolve to.
 */
export function guardHost(host: string, publicOnly: boolean): void {
  const address = host.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family === 0) {
    if (publicOnly && /(^|\.)localhost\.?$/i.test(address)) refuse(address)
    return
  }
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  if (LINK_LOCAL.check(address, kind) || (publicOnly && INTERNAL.check(address, kind))) refuse(address)
}

type Done = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** A `lookup` for sockets that refuses in the very moment of connecting, so that no name can change its mind. */
export function guardedLookup(publicOnly: boolean) {
  return (host: string, options: LookupOptions, done: Done): void => {
    lookup(host, options, (error, address, family) => {
      if (error) return done(error, '', 0)
      try {
        for (const found of Array.isArray(address) ? address : [{ address }])
          guardHost(found.address, publicOnly)
        done(null, address as string, family)
      } catch (refused) {
        done(refused as Error, '', 0)
      }
    })
  }
}

function refuse(address: string): never {
  throw new ForbiddenAddress(`${address} is not an address that data may come from`)
}

function blockList(ranges: string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network, bits] = range.split('/') as [string, string]
    list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
