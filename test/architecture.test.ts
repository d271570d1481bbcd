import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SRC = join(ROOT, 'src')

/**
 * What each folder may import of ours, besides itself and `errors`: the table of ARCHITECTURE.md. A folder's rule holds
 * for everything below it unless a longer path has its own. `types:` allows `import type` only.
 */
const MAY_IMPORT: Record<string, string[]> = {
  'errors.ts': [],
  'failpoint.ts': [],
  'home.ts': [],
  'config.ts': [],
  models: [],
  datasets: [],
  'model-types': ['types:models'],
  packaging: ['types:models', 'types:model-types'],
  ports: ['types:models', 'types:datasets', 'types:model-types', 'types:packaging'],
  database: [],
  'ml-service': ['ports', 'models', 'datasets', 'model-types', 'packaging'],
  'ml-service/ml-pipeline.ts': [
    'ports',
    'models',
    'database',
    'failpoint.ts',
    '@dbos-inc/dbos-sdk',
    'ml-service',
  ],
  'orchestrator/stages': ['ports', 'models', 'datasets', 'model-types', 'packaging'],
  orchestrator: [
    'orchestrator/stages',
    'ports',
    'models',
    'datasets',
    'model-types',
    'packaging',
    'database',
    'failpoint.ts',
    '@dbos-inc/dbos-sdk',
  ],
  'adapters/local': ['ports', 'models', 'datasets', 'model-types', 'packaging', 'database', 'ml-service'],
  'adapters/oci': ['ports', 'models', 'datasets', 'packaging'],
  server: ['orchestrator', 'ports', 'models', 'datasets', 'model-types', 'database', 'types:ml-service'],
  cli: [
    'types:server',
    'types:orchestrator',
    'types:ml-service',
    'types:ports',
    'models',
    'datasets',
    'model-types',
    'config.ts',
    'home.ts',
    'main',
  ],
  main: ['*'],
}

/** The workflow engine is known to three places only. */
const ENGINE = '@dbos-inc/dbos-sdk'

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

describe('the import table of ARCHITECTURE.md', () => {
  const imports = sources().flatMap(importsOf)

  test('is checked against real imports', () => {
    expect(imports.length).toBeGreaterThan(300)
  })

  test('holds: no folder imports what it may not', () => {
    const broken = imports.filter(one => !allowed(one)).map(({ from, to }) => `${from} → ${to}`)
    expect(broken).toEqual([])
  })

  test('process.env is read in config.ts alone', () => {
    const readers = sources().filter(file => /\bprocess\.env\b/.test(code(file)))
    expect(readers).toEqual(['config.ts'])
  })
})

function allowed({ from, to, typeOnly }: Import): boolean {
  const own = ruleOf(from)
  const rules = MAY_IMPORT[own]!
  if (to === 'errors.ts' || ruleOf(to) === own || rules.includes('*')) return true
  if (!isOurs(to)) return to !== ENGINE || rules.includes(ENGINE)
  return rules.some(rule =>
    rule.startsWith('types:') ? typeOnly && covers(rule.slice(6), to) : covers(rule, to),
  )
}

function covers(rule: string, path: string): boolean {
  return path === rule || path.startsWith(`${rule}/`)
}

function ruleOf(path: string): string {
  const matching = Object.keys(MAY_IMPORT).filter(rule => covers(rule, path))
  const longest = matching.sort((a, b) => b.length - a.length)[0]
  if (longest === undefined && isOurs(path))
    throw new Error(`no rule for ${path}: add its folder to the table`)
  return longest ?? path
}

function isOurs(path: string): boolean {
  return path.endsWith('.ts') || path.endsWith('.tsx')
}

function sources(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  return files.filter(file => isOurs(file) && !file.endsWith('.test.ts'))
}

function code(file: string): string {
  return readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

function importsOf(file: string): Import[] {
  const statements = code(file).matchAll(
    /(?:^|\n)(import|export)\s+(type\s+)?([^'"]*?)from\s+'([^']+)'|import\('([^']+)'\)/g,
  )
  return [...statements].map(([, , type, names = '', target, dynamic]) => {
    const specifier = (target ?? dynamic)!
    const inner = /^\{([^}]*)\}\s*$/.exec(names.trim())?.[1]
    const typeOnly =
      Boolean(type) ||
      (inner?.split(',').every(name => !name.trim() || name.trim().startsWith('type ')) ?? false)
    return { from: file, to: resolved(file, specifier), typeOnly }
  })
}

function resolved(file: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return relative('.', normalize(join(dirname(file), specifier)))
  return specifier
}
