import { CST, Lexer } from 'yaml'

/**
 * Whether parsing this YAML would recurse further than any real file needs. Ask before every parse of a text that we
 * didn't write: the parser's stack overflow is not always an exception. V8 ends the whole process when it has to
 * compile a regular expression near the end of the stack ("RegExpCompiler Allocation failed").
 */
export function nestsTooDeeply(text: string): boolean {
  let inFlow = 0
  let inLine = 0
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token)
    if (type === 'newline') inLine = 0
    else if (type === 'space' && inLine === 0) inLine = token.length
    else if (INDICATORS.has(type)) inLine++
    else if (OPENING.has(type)) inFlow++
    else if (CLOSING.has(type)) inFlow--
    if (inFlow + inLine > MAX_DEPTH) return true
  }
  return false
}

/** Columns of indentation count as levels, too: a level needs at least one. */
const MAX_DEPTH = 200

type TokenType = ReturnType<typeof CST.tokenType>
const INDICATORS = new Set<TokenType>(['seq-item-ind', 'explicit-key-ind', 'map-value-ind'])
const OPENING = new Set<TokenType>(['flow-map-start', 'flow-seq-start'])
const CLOSING = new Set<TokenType>(['flow-map-end', 'flow-seq-end'])
