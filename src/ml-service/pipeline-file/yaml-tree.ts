import type { ScalarType } from './yaml-scalar.ts'

/** A definition file's text; lines are counted when a problem needs them. */
export interface SourceFile {
  /** Absolute. */
  path: string
  text: string
}

/** A YAML node with everything the file said about it; aliases are expanded. */
export type Tree = ScalarTree | ListTree | MappingTree

interface Position {
  file: SourceFile
  /** Offset of the value, and of the key (or item) that holds it. */
  offset: number
  keyOffset: number
  /** Key in the parent mapping, or index in the parent list; empty for the root. */
  name: string
  parent: Tree | undefined
}

export interface ScalarTree extends Position {
  kind: 'scalar'
  type: ScalarType
  /** Python's `str()` of the value; for strings the string itself. */
  text: string
  /** As written. */
  source: string
}

export interface ListTree extends Position {
  kind: 'list'
  items: Tree[]
}

export interface MappingTree extends Position {
  kind: 'mapping'
  entries: Map<string, Tree>
}

/** Where a problem stands. `key` is the dotted path inside the file. */
export interface Spot {
  file: SourceFile
  offset: number
  key: string
}

/** The value of an entry; its key when there is no value. */
export function at(tree: Tree): Spot {
  const empty = tree.kind === 'scalar' && tree.source === ''
  return { file: tree.file, offset: empty ? tree.keyOffset : tree.offset, key: dottedPath(tree) }
}

/** The key of an entry. */
export function atKey(tree: Tree): Spot {
  return { file: tree.file, offset: tree.keyOffset, key: dottedPath(tree) }
}

/** Where an entry of the mapping would stand that isn't there. */
export function atMissing(mapping: MappingTree, name: string): Spot {
  const path = dottedPath(mapping)
  return { file: mapping.file, offset: mapping.keyOffset, key: path ? `${path}.${name}` : name }
}

/** A fragment of a scalar's text, found in the file after the scalar's start. */
export function atFragment(tree: Tree, fragment: string): Spot {
  const offset = tree.file.text.indexOf(fragment, tree.offset)
  return { ...at(tree), ...(offset < 0 ? {} : { offset }) }
}

/** The `${{` (or other mark) at this index of a scalar's text, which folds and escapes may have moved in the file. */
export function atExpression(tree: ScalarTree, index: number, mark = '${{'): Spot {
  let earlier = 0
  for (let i = tree.text.indexOf(mark); i >= 0 && i < index; i = tree.text.indexOf(mark, i + 1)) earlier++
  let offset = tree.file.text.indexOf(mark, tree.offset)
  for (; earlier > 0 && offset >= 0; earlier--) offset = tree.file.text.indexOf(mark, offset + 1)
  return { ...at(tree), ...(offset < 0 ? {} : { offset }) }
}

/** Line and column of an offset, from 1. */
export function lineAndColumn(file: SourceFile, offset: number): { line: number; column: number } {
  const starts = lineStarts(file)
  let low = 0
  for (let high = starts.length - 1; low < high; ) {
    const middle = Math.ceil((low + high) / 2)
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - starts[low]! + 1 }
}

/** The entry's value, or undefined when it is missing or null. */
export function entry(mapping: MappingTree, name: string): Tree | undefined {
  const value = mapping.entries.get(name)
  return value && !isNull(value) ? value : undefined
}

export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.type === 'null'
}

/** The string of a scalar of any type, or undefined for lists, mappings and null. */
export function scalarText(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && tree.type !== 'null' ? tree.text : undefined
}

/** Plain JSON of a tree; scalars become their text, so that equal meanings give equal JSON. */
export function toJson(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.type === 'null' ? null : tree.text
  if (tree.kind === 'list') return tree.items.map(toJson)
  const entries = [...tree.entries].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, value]) => [name, toJson(value)]))
}

/** The keys that lead to the value, joined by dots; empty for the root. */
export function dottedPath(tree: Tree): string {
  const names: string[] = []
  for (let node: Tree | undefined = tree; node?.parent; node = node.parent) names.push(node.name)
  return names.reverse().join('.')
}

const knownLineStarts = new WeakMap<SourceFile, number[]>()

function lineStarts(file: SourceFile): number[] {
  const known = knownLineStarts.get(file)
  if (known) return known
  const starts = [0]
  for (let i = file.text.indexOf('\n'); i >= 0; i = file.text.indexOf('\n', i + 1)) starts.push(i + 1)
  knownLineStarts.set(file, starts)
  return starts
}
