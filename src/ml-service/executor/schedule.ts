/** A node of the graph that is run. */
export interface GraphNode {
  name: string
  needs: readonly string[]
}

/**
 * Runs every node as soon as the nodes that it needs have succeeded, independent nodes at once, in the order in which
 * they became ready. `run` tells whether the node succeeded. Nodes below one that didn't are never started, nor any
 * once `halted`. Resolves with the names of those when everything that was started has ended; when `run` rejects, it
 * rejects with the first reason, and nothing further was started.
 */
export async function runGraph<Node extends GraphNode>(
  nodes: readonly Node[],
  run: (node: Node) => Promise<boolean>,
  halted: () => boolean,
): Promise<Node[]> {
  const missing = new Map(nodes.map(node => [node.name, new Set(node.needs).size]))
  const dependents = dependentsOf(nodes)
  const unstarted = new Set(nodes)
  const faults: unknown[] = []

  async function start(node: Node): Promise<void> {
    if (halted() || faults.length > 0) return
    unstarted.delete(node)
    const succeeded = await run(node).catch((error: unknown) => {
      faults.push(error)
      return false
    })
    if (succeeded) await Promise.all(released(node).map(start))
  }
  function released(node: Node): Node[] {
    return (dependents.get(node.name) ?? []).filter(dependent => {
      const left = missing.get(dependent.name)! - 1
      missing.set(dependent.name, left)
      return left === 0
    })
  }

  await Promise.all(nodes.filter(node => node.needs.length === 0).map(start))
  if (faults.length > 0) throw faults[0]
  return [...unstarted]
}

function dependentsOf<Node extends GraphNode>(nodes: readonly Node[]): Map<string, Node[]> {
  const dependents = new Map<string, Node[]>()
  for (const node of nodes) {
    for (const need of new Set(node.needs)) {
      const list = dependents.get(need)
      if (list) list.push(node)
      else dependents.set(need, [node])
    }
  }
  return dependents
}
