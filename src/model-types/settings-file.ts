import { isPair, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { UserError } from '#errors.ts'
import { type Entry, placeOf, type Source } from './entry.ts'
import { nestsTooDeeply } from './yaml-nesting.ts'

const MAX_CHARACTERS = 256 * 1024
const MAX_ALIASES = 100

/** Parses one of our YAML files. Throws a UserError with file, line and column for everything that isn't YAML. */
export function openSettingsFile(file: string, text: string): Entry {
  refuseSize(file, text)
  if (nestsTooDeeply(text)) throw deepNesting(file)
  const source = parse(file, text)
  refuseProblems(source, text)
  refuseAliasBombs(source)
  return { source, node: source.document.contents as Node | null, key: '', offset: 0 }
}

function refuseSize(file: string, text: string): void {
  if (text.length > MAX_CHARACTERS) {
    throw new UserError('file-too-large', 'the file is larger than 256 KB', {
      place: { file },
      hint: 'Keep data in files of their own and name them here.',
    })
  }
  if (text.split('\n').every(line => /^\s*(#|$)/.test(line))) {
    throw new UserError('empty-file', 'the file is empty', {
      place: { file, line: 1, column: 1 },
      hint: 'Fill it in, or remove it.',
    })
  }
}

function deepNesting(file: string): UserError {
  const hint = 'These files need no more than a handful of levels.'
  return new UserError('invalid-yaml', 'nested more than 200 levels deep', { place: { file }, hint })
}

function parse(file: string, text: string): Source {
  const lines = new LineCounter()
  return {
    file,
    document: parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true }),
    lines,
  }
}

function refuseProblems(source: Source, text: string): void {
  const problem = source.document.errors[0] ?? source.document.warnings[0]
  if (!problem) return
  const entry = { source, node: null, key: '', offset: problem.pos[0] }
  if (problem.code === 'DUPLICATE_KEY') throw duplicateKey({ ...entry, key: keyAt(source, problem.pos[0]) })
  const tab = text[problem.pos[0]] === '\t' ? 'Use spaces here, not a tab.' : 'Mend the text at this place.'
  throw new UserError('invalid-yaml', `not valid YAML: ${problem.message}`, {
    place: placeOf(entry),
    hint: tab,
  })
}

function duplicateKey(entry: Entry): UserError {
  const options = { place: placeOf(entry), hint: 'Remove one of the two.' }
  return new UserError('duplicate-key', `\`${entry.key}\` is given twice`, options)
}

/** Dotted path of the key that stands at `offset`. */
function keyAt(source: Source, offset: number): string {
  let found = ''
  visit(source.document, {
    Pair(_, pair, path) {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined
      found = [...path.filter(isPair), pair].map(({ key }) => String(key)).join('.')
      return visit.BREAK
    },
  })
  return found
}

function refuseAliasBombs(source: Source): void {
  let aliases = 0
  visit(source.document, {
    Alias(_, node) {
      if (++aliases <= MAX_ALIASES) return
      const place = placeOf({ source, node, key: '', offset: node.range?.[0] ?? 0 })
      const message = `more than ${MAX_ALIASES} YAML aliases in one file`
      throw new UserError('too-many-aliases', message, { place, hint: 'Write the values out.' })
    },
  })
}
