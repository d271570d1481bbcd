import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { type Anchors, readAnchors } from './anchors.ts'
import type { Findings } from './findings.ts'
import { composeDocument, MAX_DEPTH, spot } from './yaml-document.ts'
import { resolvePlainScalar, type ScalarValue } from './yaml-scalar.ts'
import {
  dottedPath,
  type ListTree,
  lineAndColumn,
  type MappingTree,
  type ScalarTree,
  type SourceFile,
  type Tree,
} from './yaml-tree.ts'

const MAX_NODES = 200_000

/** Parses a file as YAML 1.1; reports every fault and returns undefined when there is no usable tree. */
export function parseYaml(file: SourceFile, findings: Findings): Tree | undefined {
  const document = composeDocument(file, findings)
  if (!document) return undefined
  if (!document.contents) {
    findings.error(spot(file, 0), 'empty-file', 'the file is empty')
    return undefined
  }
  const conversion: Conversion = { file, findings, anchors: readAnchors(), nodes: 0, gaveUp: false }
  const tree = convert(document.contents, { parent: undefined, name: '', keyOffset: 0, depth: 0 }, conversion)
  return conversion.gaveUp ? undefined : tree
}

interface Conversion {
  file: SourceFile
  findings: Findings
  anchors: Anchors
  nodes: number
  gaveUp: boolean
}

interface Slot {
  parent: Tree | undefined
  name: string
  keyOffset: number
  depth: number
}

function convert(node: Node | null, slot: Slot, conversion: Conversion): Tree | undefined {
  const { file } = conversion
  const { parent, name, keyOffset } = slot
  const offset = node?.range?.[0] ?? keyOffset
  if (exceedsLimits(slot, offset, conversion)) return undefined
  if (node) conversion.anchors.visit(node)
  if (isScalar(node)) return scalar(node, offset, slot, conversion)
  if (isMap(node)) {
    const entries = new Map<string, Tree>()
    return mapping(
      node,
      { kind: 'mapping', entries, file, offset, keyOffset, name, parent },
      slot,
      conversion,
    )
  }
  if (isSeq(node)) {
    const tree: ListTree = { kind: 'list', items: [], file, offset, keyOffset, name, parent }
    return list(node.items as Node[], tree, slot, conversion)
  }
  if (isAlias(node)) return alias(node, offset, slot, conversion)
  return { kind: 'scalar', type: 'null', text: 'None', source: '', file, offset, keyOffset, name, parent }
}

function exceedsLimits(slot: Slot, offset: number, conversion: Conversion): boolean {
  conversion.nodes++
  if (slot.depth > MAX_DEPTH) giveUp(offset, 'too-deep', `nested deeper than ${MAX_DEPTH} levels`, conversion)
  else if (conversion.nodes > MAX_NODES) {
    giveUp(offset, 'too-complex', `more than ${MAX_NODES} values, aliases expanded`, conversion)
  }
  return conversion.gaveUp
}

function giveUp(offset: number, rule: string, message: string, conversion: Conversion): void {
  if (!conversion.gaveUp) conversion.findings.error(spot(conversion.file, offset), rule, message)
  conversion.gaveUp = true
}

/** Each use of an anchor becomes a tree of its own, so that every value has one place and one key. */
function alias(node: Alias, offset: number, slot: Slot, conversion: Conversion): Tree | undefined {
  const target = conversion.anchors.target(node)
  if (target) return convert(target, { ...slot, depth: slot.depth + 1 }, conversion)
  giveUp(offset, 'invalid-yaml', `not valid YAML: there is no anchor '&${node.source}'`, conversion)
  return undefined
}

function mapping(
  node: { items: { key: unknown; value: unknown }[] },
  tree: MappingTree,
  slot: Slot,
  conversion: Conversion,
): Tree {
  const merged: Tree[] = []
  for (const { key, value } of node.items) {
    const name = keyName(key as Node | null, tree, conversion)
    if (name === undefined) continue
    const keyOffset = (key as Node | null)?.range?.[0] ?? tree.offset
    const merge = name === '<<' && (key as Scalar).type === 'PLAIN'
    if (!merge && isDuplicate(name, keyOffset, tree, conversion)) continue
    const inner = { parent: merge ? tree.parent : tree, name: merge ? tree.name : name, keyOffset }
    const child = convert(value as Node | null, { ...inner, depth: slot.depth + 1 }, conversion)
    if (child && merge) merged.push(child)
    else if (child) tree.entries.set(name, child)
  }
  for (const source of merged) merge(source, tree, conversion)
  return tree
}

/** `<<: *base` or `<<: [*one, *other]`: own entries win over merged ones, the first mapping over the next. */
function merge(source: Tree, tree: MappingTree, conversion: Conversion): void {
  if (source.kind === 'list') {
    for (const item of source.items) merge(item, tree, conversion)
    return
  }
  if (source.kind === 'scalar') {
    const spot = { file: conversion.file, offset: source.offset, key: dottedPath(tree) }
    conversion.findings.error(spot, 'bad-merge', "'<<' takes a mapping or a list of mappings")
    return
  }
  for (const [name, child] of source.entries) {
    if (!tree.entries.has(name)) tree.entries.set(name, Object.assign(child, { parent: tree }))
  }
}

function list(items: Node[], tree: ListTree, slot: Slot, conversion: Conversion): Tree {
  for (const [index, item] of items.entries()) {
    const keyOffset = item?.range?.[0] ?? tree.offset
    const inner = { parent: tree, name: String(index), keyOffset, depth: slot.depth + 1 }
    const child = convert(item, inner, conversion)
    if (child) tree.items.push(child)
  }
  return tree
}

function scalar(node: Scalar, offset: number, slot: Slot, conversion: Conversion): ScalarTree {
  const source = node.source ?? ''
  const { type, text } = scalarValue(node, source, conversion)
  const { parent, name, keyOffset } = slot
  return { kind: 'scalar', type, text, source, file: conversion.file, offset, keyOffset, name, parent }
}

function keyName(key: Node | null, tree: MappingTree, { file, findings }: Conversion): string | undefined {
  const place = { file, offset: key?.range?.[0] ?? tree.offset, key: dottedPath(tree) }
  if (!isScalar(key)) {
    findings.error(place, 'bad-key', 'a key must be a single word')
    return undefined
  }
  return String(key.value ?? '')
}

function isDuplicate(name: string, keyOffset: number, tree: MappingTree, conversion: Conversion): boolean {
  const first = tree.entries.get(name)
  if (!first) return false
  const { line } = lineAndColumn(conversion.file, first.keyOffset)
  conversion.findings.error(
    { file: conversion.file, offset: keyOffset, key: dottedPath({ ...tree, name, parent: tree }) },
    'duplicate-key',
    `'${name}' is already given in line ${line}`,
    `remove or rename one of the two`,
  )
  return true
}

const TAGGED: Record<string, string> = {
  'tag:yaml.org,2002:int': 'integer',
  'tag:yaml.org,2002:float': 'number',
  'tag:yaml.org,2002:bool': 'boolean',
  'tag:yaml.org,2002:null': 'null',
}

function scalarValue(node: Scalar, source: string, conversion: Conversion): ScalarValue {
  const text = String(node.value ?? '')
  const { tag } = node
  if (tag === undefined) return node.type === 'PLAIN' ? resolvePlainScalar(text) : { type: 'string', text }
  if (tag === 'tag:yaml.org,2002:str' || tag === '!') return { type: 'string', text }
  const resolved = resolvePlainScalar(text)
  if (TAGGED[tag] === resolved.type) return resolved
  const message = `the YAML tag '${tag}' does not fit '${source}'`
  conversion.findings.error(spot(conversion.file, node.range?.[0] ?? 0), 'bad-tag', message)
  return { type: 'string', text }
}
