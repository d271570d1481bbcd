import { expect, test } from 'vitest'
import { remoteAddress, shownAddress } from './remote-address.ts'

const BLOB = {
  kind: 'blob',
  host: 'acct.blob.core.windows.net',
  container: 'c',
  path: 'a b/x.csv',
  query: '',
}

test.each([
  ['wasbs://c@acct.blob.core.windows.net/a b/x.csv', BLOB],
  ['wasbs://c@acct.blob.core.windows.net/a%20b/x.csv', BLOB],
  ['abfss://c@acct.dfs.core.windows.net/a b/x.csv', BLOB],
  ['https://acct.blob.core.windows.net/c/a%20b/x.csv', BLOB],
  ['https://acct.blob.core.windows.net/c/a%20b/x.csv?sv=1&sig=2', { ...BLOB, query: '?sv=1&sig=2' }],
  ['wasbs://c@acct.blob.core.windows.net', { ...BLOB, path: '' }],
  ['http://example.com/x.csv', { kind: 'file', url: 'http://example.com/x.csv' }],
  ['https://acct.blob.core.windows.net.evil.example/c/x', expect.objectContaining({ kind: 'file' })],
  ['https://user:secret@example.com/x', undefined],
  ['ftp://example.com/x', undefined],
  ['file:///etc/passwd', undefined],
  ['azureml://datastores/d/paths/x', undefined],
])('%s', (text, address) => {
  expect(remoteAddress(text)).toEqual(address)
})

test('a signature is never shown', () => {
  expect(shownAddress('https://h/c/x?sig=secret')).toBe('https://h/c/x')
})
