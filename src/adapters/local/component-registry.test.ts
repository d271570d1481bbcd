import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { firstError, lintPipeline } from '#ml-service/pipeline-file/lint.ts'
import type { ComponentRegistry } from '#ports/component-registry.ts'
import { componentLookup } from './component-lookup.ts'
import { localComponentRegistry } from './component-registry.ts'
import { localPipelineRunner } from './pipeline-runner.ts'
import { copyTree } from './publish-tree.ts'

const base = mkdtempSync(join(tmpdir(), 'components-'))
let count = 0
let folder: string
let directory: string
let registry: ComponentRegistry

afterAll(() => rmSync(base, { recursive: true, force: true }))
beforeEach(() => {
  folder = join(base, `test-${++count}`)
  directory = join(folder, 'registry')
  registry = localComponentRegistry(directory)
  mkdirSync(join(folder, 'code'), { recursive: true })
})

function component(script: string, more = ''): string {
  writeFileSync(join(folder, 'code', 'run.sh'), script)
  const inputs = 'inputs: { rows: { type: integer, min: 5 }, data: { type: uri_folder } }\n'
  const text = `type: command\nname: clean\n${inputs}code: ./code\nenvironment: { image: none }\ncommand: bash run.sh\n`
  const file = join(folder, 'clean.yml')
  writeFileSync(file, text + more)
  return file
}

describe('a registered component', () => {
  test('needs no values for its inputs, and its version is the text of the file', async () => {
    const registered = await registry.register(component('a', 'version: 1.10\n'), {})
    expect(registered).toMatchObject({ name: 'clean', version: '1.10', type: 'command', files: 2 })
    expect(await registry.find('azureml:clean:1.10')).toEqual(registered)
  })

  test('has the same version for the same content, also when it is registered many times at once', async () => {
    const file = component('a')
    const all = await Promise.all(Array.from({ length: 8 }, () => registry.register(file, {})))
    expect(all.map(one => one.version)).toEqual(Array(8).fill('1'))
    const versions = []
    for (const text of ['b', 'a', 'c']) versions.push((await registry.register(component(text), {})).version)
    expect(versions).toEqual(['2', '1', '3'])
  })

  test('keeps its content, and what a code folder ignores is no part of it', async () => {
    const file = component('a', 'version: v1\n')
    const first = await registry.register(file, {})
    writeFileSync(join(folder, 'code', '.amlignore'), '*.log\n.amlignore\n')
    writeFileSync(join(folder, 'code', 'noise.log'), 'x')
    expect(await registry.register(file, {})).toEqual(first)
    writeFileSync(join(folder, 'code', 'more.sh'), 'x')
    await expect(registry.register(file, {})).rejects.toMatchObject({ code: 'version-taken' })
    expect((await registry.register(file, { version: 'v2' })).files).toBe(3)
  })

  test('is latest when it was created last, whatever its version says', async () => {
    for (const version of ['9', '10', '2']) await registry.register(component(version), { version })
    expect((await registry.list('clean')).map(one => one.version)).toEqual(['2', '10', '9'])
    expect((await registry.find('clean@latest')).version).toBe('2')
    expect((await registry.find('clean')).version).toBe('2')
  })

  test.each(['../x', '', '.hidden', 'a/b', 'a b'])("can't be called '%s'", async name => {
    await expect(registry.register(component('a'), { name })).rejects.toMatchObject({
      code: 'bad-component-name',
    })
    await expect(registry.register(component('a'), { version: name })).rejects.toMatchObject({
      code: 'bad-component-version',
    })
    await expect(registry.find(`${name}:1`)).rejects.toMatchObject({ code: 'no-such-component' })
  })

  test('must be without errors', async () => {
    const file = component('a', 'comand: x\nenvironment_variables: 3\n')
    await expect(registry.register(file, {})).rejects.toMatchObject({ place: { file } })
    expect(await registry.list()).toEqual([])
  })
})

describe('a pipeline that refers to it', () => {
  const referring = () => {
    const file = join(folder, 'pipeline.yml')
    const inputs = '{ rows: 7, data: { type: uri_folder, path: . } }'
    writeFileSync(
      file,
      `type: pipeline\njobs:\n  c:\n    component: azureml:clean@latest\n    inputs: ${inputs}\n`,
    )
    return file
  }

  test('lints only when it is there', async () => {
    const lint = () => lintPipeline(referring(), {}, { registry: componentLookup(directory) })
    expect(firstError(lint().problems)?.message).toContain("no component 'clean'")
    await registry.register(component('a'), {})
    expect(lint().problems.map(problem => problem.rule)).toEqual(['image-not-used'])
  })

  test('has files that mean the same wherever they are copied to, without the registry', async () => {
    await registry.register(component('a'), {})
    const runner = localPipelineRunner({} as never, folders(directory))
    const files = await runner.files(folder, basename(referring()), {})
    expect(files.map(file => file.path)).toEqual([
      '.components/clean/@latest/component.json',
      '.components/clean/@latest/files/clean.yml',
      '.components/clean/@latest/files/code/run.sh',
      'pipeline.yml',
    ])
    const copy = join(folder, 'copy')
    await copyTree(files, copy)
    await registry.register(component('b'), {})
    const again = await localPipelineRunner({} as never, folders(join(folder, 'nowhere'))).files(
      copy,
      'pipeline.yml',
      {},
    )
    expect(again.map(file => file.path)).toEqual(files.map(file => file.path))
    expect(again.every(file => file.from.startsWith(copy))).toBe(true)
  })

  test('may not reach out of its source tree', async () => {
    const outside = join(folder, 'sub')
    mkdirSync(outside)
    component('a')
    writeFileSync(
      join(outside, 'p.yml'),
      'type: pipeline\njobs:\n  c:\n    component: ../clean.yml\n    inputs: { rows: 7, data: { type: uri_folder, path: . } }\n',
    )
    const files = localPipelineRunner({} as never, folders(directory)).files(outside, 'p.yml', {})
    await expect(files).rejects.toMatchObject({ code: 'outside-of-source' })
  })
})

function folders(components: string) {
  return { components, datastores: join(folder, 'datastores') }
}
