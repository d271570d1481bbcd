import { expect, test } from 'vitest'
import { guardedLookup, guardHost } from './network-guard.ts'

test.each(['169.254.169.254', '[fe80::1]', '::ffff:169.254.169.254'])('%s is never asked', host => {
  expect(() => guardHost(host, false)).toThrow('not an address')
})

const INTERNAL = [
  '127.0.0.1',
  '10.1.2.3',
  '192.168.0.9',
  '[::1]',
  '[fd00::1]',
  'localhost',
  '::ffff:127.0.0.1',
  '0.0.0.0',
]

test.each(INTERNAL)('%s may be named, but not be redirected to', host => {
  expect(() => guardHost(host, false)).not.toThrow()
  expect(() => guardHost(host, true)).toThrow('not an address')
})

test('public addresses and names pass; names are looked at once they are resolved', () => {
  for (const host of ['93.184.215.14', '[2606:2800::1]', 'example.com']) {
    expect(() => guardHost(host, true)).not.toThrow()
  }
})

test('what a name resolves to is looked at when the connection is made', async () => {
  const resolved = (publicOnly: boolean) =>
    new Promise(resolve =>
      guardedLookup(publicOnly)('localhost', { all: true }, error => resolve(error?.message)),
    )
  expect(await resolved(false)).toBe(undefined)
  expect(await resolved(true)).toContain('not an address')
})
