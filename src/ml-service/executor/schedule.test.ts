import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type GraphNode, runGraph } from './schedule.ts'

const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .map(rows => rows.map((picks, index) => node(index, index === 0 ? [] : picks.map(pick => pick % index))))

test('every node runs once, after all that it needs', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, async nodes => {
      const done = new Set<string>()
      const run = async (one: GraphNode) => {
        expect(one.needs.every(need => done.has(need))).toBe(true)
        await Promise.resolve()
        expect(done.has(one.name)).toBe(false)
        done.add(one.name)
        return true
      }
      expect(await runGraph(nodes, run, () => false)).toEqual([])
      expect(done.size).toBe(nodes.length)
    }),
  )
})

test('nothing below a failed node runs, everything else does', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(), async (nodes, pick) => {
      const bad = nodes[pick % nodes.length]!.name
      const ran: string[] = []
      const skipped = await runGraph(
        nodes,
        async one => ran.push(one.name) > 0 && one.name !== bad,
        () => false,
      )
      const doomed = new Set([bad])
      for (const one of nodes) if (one.needs.some(need => doomed.has(need))) doomed.add(one.name)
      expect(ran.filter(name => doomed.has(name))).toEqual([bad])
      expect(new Set(skipped.map(one => one.name)).size).toBe(doomed.size - 1)
    }),
  )
})

test('a fault is thrown when nothing runs any more', async () => {
  const ended: string[] = []
  const run = async (one: GraphNode) => {
    if (one.name === '0') throw new Error('fault')
    await new Promise(resolve => setImmediate(resolve))
    return ended.push(one.name) > 0
  }
  await expect(runGraph([node(0, []), node(1, []), node(2, [1])], run, () => false)).rejects.toThrow('fault')
  expect(ended).toEqual(['1'])
})

test('a long chain needs no deep stack and no quadratic work', async () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => node(index, index ? [index - 1] : []))
  expect(
    await runGraph(
      chain,
      async () => true,
      () => false,
    ),
  ).toEqual([])
})

function node(index: number, needs: number[]): GraphNode {
  return { name: String(index), needs: needs.map(String) }
}
