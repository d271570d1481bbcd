import { type Document, type ParsedNode, parseDocument } from 'yaml'
import type { Findings } from './findings.ts'
import type { SourceFile, Spot } from './yaml-tree.ts'

/** Deeper files are refused, whoever notices first. */
export const MAX_DEPTH = 50

const MAX_SYNTAX_ERRORS = 20

/** Parses without interpreting scalars; undefined, with every fault reported, when the syntax is wrong. */
export function composeDocument(
  file: SourceFile,
  findings: Findings,
): Document.Parsed<ParsedNode> | undefined {
  const document = parseSafely(file, findings)
  for (const error of document?.errors.slice(0, MAX_SYNTAX_ERRORS) ?? []) {
    if (error.code === 'RESOURCE_EXHAUSTION') reportTooDeep(file, findings)
    else reportSyntax(file, error.pos[0], error.message, findings)
  }
  return document?.errors.length === 0 ? document : undefined
}

/** A place in a file that no value of the tree stands for. */
export function spot(file: SourceFile, offset: number): Spot {
  return { file, offset, key: '' }
}

/** Duplicate keys are looked for elsewhere: the parser would take quadratic time. */
function parseSafely(file: SourceFile, findings: Findings): Document.Parsed<ParsedNode> | undefined {
  const options = { schema: 'failsafe', version: '1.1', uniqueKeys: false } as const
  try {
    return parseDocument(file.text, { ...options, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    if (error instanceof RangeError) reportTooDeep(file, findings)
    else reportSyntax(file, 0, String(error), findings)
    return undefined
  }
}

/** The parser ran out of stack long after anything that people write. */
function reportTooDeep(file: SourceFile, findings: Findings): void {
  findings.error(spot(file, 0), 'too-deep', `nested deeper than ${MAX_DEPTH} levels`)
}

function reportSyntax(file: SourceFile, offset: number, message: string, findings: Findings): void {
  const line = message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
  findings.error(spot(file, offset), 'invalid-yaml', `not valid YAML: ${line}`)
}
