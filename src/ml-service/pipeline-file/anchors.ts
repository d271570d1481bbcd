import type { Alias, Node } from 'yaml'

/** Which node each alias stands for: the nearest one before it that has the anchor. */
export interface Anchors {
  /** Must see the nodes of a document in its order; those that an alias leads to again change nothing. */
  visit(node: Node): void
  target(alias: Alias): Node | undefined
}

/** The library's own lookup walks the document for every alias. */
export function readAnchors(): Anchors {
  const latest = new Map<string, Node>()
  const seen = new Set<Node>()
  const targets = new Map<Alias, Node>()
  return {
    visit(node) {
      const anchor = 'anchor' in node ? node.anchor : undefined
      if (anchor === undefined || seen.has(node)) return
      seen.add(node)
      latest.set(anchor, node)
    },
    target(alias) {
      const known = targets.get(alias) ?? latest.get(alias.source)
      if (known) targets.set(alias, known)
      return known
    },
  }
}
