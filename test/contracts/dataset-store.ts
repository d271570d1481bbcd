import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NotFoundError, UserError } from '#errors.ts'
import type { DatasetStore } from '#ports/dataset-store.ts'

/** What every dataset store does. `make` gives an empty one. */
export function datasetStoreContract(
  adapter: string,
  make: () => Promise<{ store: DatasetStore; close(): Promise<void> }>,
): void {
  describe(`dataset store: ${adapter}`, () => {
    let made: Awaited<ReturnType<typeof make>>
    let store: DatasetStore
    let folder: string
    const code = (wanted: string) => ({ code: wanted, constructor: UserError })
    beforeEach(async () => {
      made = await make()
      store = made.store
      folder = await mkdtemp(join(tmpdir(), 'millwright-data-'))
    })
    afterEach(async () => {
      await made.close()
      await rm(folder, { recursive: true, force: true })
    })

    async function write(path: string, text: string): Promise<string> {
      const file = join(folder, path)
      await mkdir(join(file, '..'), { recursive: true })
      await writeFile(file, text)
      return file
    }

    test('versions count from 1, and each keeps its own files', async () => {
      await write('train.csv', 'a,b\n1,2\n')
      const first = await store.register('machine-failure', folder)
      await write('train.csv', 'a,b\n1,2\n3,4\n')
      const second = await store.register('machine-failure', folder)
      expect([first.version, second.version]).toEqual([1, 2])
      expect(await readFile(join(await store.folder(first), 'train.csv'), 'utf8')).toBe('a,b\n1,2\n')
      expect(await store.find({ name: 'machine-failure', version: 'latest' })).toEqual(second)
      expect(await store.find({ name: 'machine-failure', version: 1 })).toEqual(first)
      expect(await store.list()).toEqual([first, second])
    })

    test('the same content under the same name is the same version, however often and at once', async () => {
      await write('a.csv', 'x\n1\n')
      const all = await Promise.all(Array.from({ length: 8 }, () => store.register('d', folder)))
      expect(new Set(all.map(dataset => dataset.version))).toEqual(new Set([1]))
      expect((await store.register('other', folder)).digest).toBe(all[0]!.digest)
    })

    test('different contents that are registered at once get versions without gaps', async () => {
      const files = await Promise.all([0, 1, 2, 3, 4, 5].map(i => write(`${i}/data.csv`, `x\n${i}\n`)))
      const versions = await Promise.all(files.map(file => store.register('d', file)))
      expect(versions.map(dataset => dataset.version).sort()).toEqual([1, 2, 3, 4, 5, 6])
    })

    test('the manifest names every file with size and sha256; rows and columns come from tabular files', async () => {
      await write('part1.csv', 'id,"note, long"\r\n1,"two\nlines, ""quoted"""\r\n2,b\r\n\r\n')
      await write('sub/part2.csv', 'id,note\n3,it is 5" wide\n4,d')
      await write('readme.txt', 'words')
      const dataset = await store.register('d', folder)
      expect(dataset).toMatchObject({ rows: 4, columns: ['id', 'note, long'] })
      expect(dataset.files.map(file => file.path)).toEqual(['part1.csv', 'readme.txt', 'sub/part2.csv'])
      expect(dataset.files[1]).toEqual({
        path: 'readme.txt',
        bytes: 5,
        digest: 'sha256:dba36bffa5cab0f922d087a3aeb179f9d4e745df40b323e1b1471402848c8a3e',
      })
    })

    test('columns are profiled: type, missing values, range and different values', async () => {
      const rows = [
        '1,1.5,a,true,2024-02-29',
        '2,NaN,NA,false,2024-01-01',
        '3,-2.5,"b\nc",true,',
        '4,,a,true,2025-01-01',
      ]
      const file = await write('t.csv', `\ufeffid,x,text,flag,day\r\n${rows.join('\r\n')}\r\n`)
      const { profile, profileNote } = await store.register('d', file)
      expect(profileNote).toBe(null)
      expect(profile!.columns).toEqual([
        { name: 'id', type: 'integer', missing: 0, min: 1, max: 4, distinct: 4 },
        { name: 'x', type: 'number', missing: 2, min: -2.5, max: 1.5, distinct: 2 },
        { name: 'text', type: 'string', missing: 1, min: 'a', max: 'b\nc', distinct: 2 },
        { name: 'flag', type: 'boolean', missing: 0, min: false, max: true, distinct: 2 },
        { name: 'day', type: 'date', missing: 1, min: '2024-01-01', max: '2025-01-01', distinct: 3 },
      ])
    })

    test.each<[string, string, string[] | null, string[], number | null]>([
      ['numbers without a header', '1,2\n3,4\n', ['column0', 'column1'], ['integer', 'integer'], 2],
      ['words only', 'name,unit\nbolt,kg\n', ['name', 'unit'], ['string', 'string'], 1],
      ['one column', 'x\n1\n2\n', ['x'], ['integer'], 2],
      ['infinity', 'x\n1.5\ninf\n-inf\n', ['x'], ['number'], 3],
      ['words after many numbers', `x\n${'1\n'.repeat(30_000)}word\n`, ['x'], ['string'], 30_001],
      ['numbers beyond 64 bits', 'x\n123456789012345678901234567890\n1\n', ['x'], ['number'], 2],
      ['semicolons', 'a;b\n1,5;2\n3,5;4\n', ['a', 'b'], ['string', 'integer'], 2],
      ['short rows', 'a,b,c\n1,2,3\n4,5\n', ['a', 'b', 'c'], ['integer', 'integer', 'integer'], 2],
      ['long rows', 'a,b\n1,2\n3,4,5\n6,7\n', null, [], null],
      ['bytes that are no text', '\u0000\u0001,\u0000\n\u0002"\u0003', null, [], null],
    ])('a CSV file with %s is a dataset all the same', async (_, text, columns, types, rows) => {
      const dataset = await store.register('d', await write('t.csv', text))
      expect([dataset.columns, dataset.rows]).toEqual([columns, rows])
      expect(dataset.profile?.columns.map(column => column.type) ?? []).toEqual(types)
      if (columns === null) expect(dataset.profileNote).toMatch(/^t\.csv can't be read as a table: /)
    })

    test('what is not UTF-8 is read as Latin-1, and says so', async () => {
      const file = await write('t.csv', '')
      await writeFile(file, Buffer.from('name,v\ncaf\xe9,1\n', 'latin1'))
      const dataset = await store.register('d', file)
      expect(dataset.profileNote).toMatch(/^t\.csv: not UTF-8/)
      expect(dataset.profile!.columns[0]).toMatchObject({ min: 'caf\u00e9' })
    })

    test('tables are kept as Parquet beside the files, which stay what they were', async () => {
      await write('a.csv', 'x\n1\n')
      await write("it's/b.tsv", 'x\n2\n')
      const dataset = await store.register('d', folder)
      const tables = await store.tables(dataset)
      expect(Object.keys(tables).sort()).toEqual(['a.csv', "it's/b.tsv"])
      expect((await readFile(tables['a.csv']!)).subarray(0, 4).toString()).toBe('PAR1')
      expect(await readdir(await store.folder(dataset))).toEqual(['a.csv', "it's"])
      const derived = await store.register('parquet', tables["it's/b.tsv"]!)
      expect(derived).toMatchObject({ rows: 1, columns: ['x'], profile: { columns: [{ min: 2, max: 2 }] } })
    })

    test('a version that is asked for is that version, and never another content', async () => {
      const one = await write('one.csv', 'x\n1\n')
      const two = await write('two.csv', 'x\n2\n')
      expect(await store.register('d', one, { version: 7 })).toMatchObject({ version: 7 })
      expect(await store.register('d', one, { version: 7 })).toMatchObject({ version: 7 })
      expect(await store.register('d', two, { version: 3 })).toMatchObject({ version: 3 })
      await expect(store.register('d', two, { version: 7 })).rejects.toMatchObject({
        code: 'dataset-version-taken',
      })
      expect(await store.find({ name: 'd', version: 'latest' })).toMatchObject({ version: 3 })
      expect(await store.register('d', one)).toMatchObject({ version: 7 })
    })

    test("a job's output is registered once", async () => {
      const file = await write('t.csv', 'x\n1\n')
      const origin = { job: 'j', output: 'prepare.data' }
      const first = await store.register('d', file, { origin })
      await appendFile(file, '2\n')
      expect(await store.register('d', file, { origin })).toEqual(first)
      expect(await store.register('d', file, { origin: { ...origin, job: 'k' } })).toMatchObject({
        version: 2,
      })
    })

    test('what is neither file nor folder is refused', async () => {
      await write('a.csv', 'x\n1\n')
      execFileSync('mkfifo', [join(folder, 'pipe')])
      await expect(store.register('d', folder)).rejects.toMatchObject(code('unusable-file'))
      execFileSync('rm', [join(folder, 'pipe')])
      await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]), 'x')
      await expect(store.register('d', folder)).rejects.toMatchObject(code('unusable-file'))
    })

    test('a single file is a folder that holds that file', async () => {
      const dataset = await store.register('d', await write('digits.bin', 'bytes'))
      expect(dataset).toMatchObject({ rows: null, columns: null })
      expect(await readFile(join(await store.folder(dataset), 'digits.bin'), 'utf8')).toBe('bytes')
    })

    test('stored files are read-only, and independent of where they came from', async () => {
      const file = await write('a.csv', 'x\n1\n')
      const dataset = await store.register('d', folder)
      await appendFile(file, '2\n')
      const stored = join(await store.folder(dataset), 'a.csv')
      expect((await stat(stored)).mode & 0o222).toBe(0)
      expect(await readFile(stored, 'utf8')).toBe('x\n1\n')
    })

    test('what is missing, empty or hostile is refused in words', async () => {
      await expect(store.register('d', join(folder, 'nowhere'))).rejects.toMatchObject(code('path-not-found'))
      await expect(store.register('d', folder)).rejects.toMatchObject(code('empty-dataset'))
      await write('empty.csv', '')
      await expect(store.register('d', folder)).rejects.toMatchObject(code('empty-dataset'))
      await write('empty.csv', 'only,a,header\n')
      await expect(store.register('d', folder)).rejects.toMatchObject(code('empty-dataset'))
      await write('data.csv', 'x\n1\n')
      for (const name of ['', '..', 'a b', 'a/b', '$(touch x)', '-x', 'x'.repeat(129), 'a\nb']) {
        await expect(store.register(name, folder)).rejects.toMatchObject(code('invalid-name'))
      }
      expect(await store.list()).toEqual([])
    })

    test('links are followed inside the folder, and refused when they leave it', async () => {
      await write('data/a.csv', 'x\n1\n')
      await symlink('a.csv', join(folder, 'data/b.csv'))
      const dataset = await store.register('d', join(folder, 'data'))
      expect(dataset.files.map(file => file.path)).toEqual(['a.csv', 'b.csv'])
      expect((await stat(join(await store.folder(dataset), 'b.csv'))).isFile()).toBe(true)
      await write('secret', 'key')
      await symlink('../secret', join(folder, 'data/c.csv'))
      await expect(store.register('d', join(folder, 'data'))).rejects.toMatchObject(code('unusable-file'))
    })

    test('a file that is written to while it is copied is refused', async () => {
      const file = await write('growing.csv', `x\n${'1\n'.repeat(2_000_000)}`)
      for (let i = 0; i < 20; i++) await write(`more/${i}.csv`, 'x\n1\n'.repeat(50_000))
      let done = false
      const registering = store.register('d', folder).finally(() => {
        done = true
      })
      registering.catch(() => {})
      while (!done) await appendFile(file, '2\n')
      await expect(registering).rejects.toMatchObject(code('changed-while-copied'))
    })

    test('an unknown reference names what there is', async () => {
      await expect(store.find({ name: 'd', version: 'latest' })).rejects.toThrow(NotFoundError)
      await store.register('d', await write('a.csv', 'x\n1\n'))
      await expect(store.find({ name: 'd', version: 7 })).rejects.toThrow(/no version 7; it has 1/)
      await expect(store.find({ name: 'e', version: 'latest' })).rejects.toThrow(
        /there is no dataset e; there are d/,
      )
    })
  })
}
