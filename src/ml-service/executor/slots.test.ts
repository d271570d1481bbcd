import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

const never = new AbortController().signal

test('who asks first is served first, and a slot is given back once', async () => {
  const take = createSlots(1)
  const order: string[] = []
  const release = await take(never)
  const queue = (name: string) =>
    take(never).then(give => {
      order.push(name)
      return give
    })
  const second = queue('second')
  const third = queue('third')
  release()
  release()
  const giveSecond = await second
  expect(order).toEqual(['second'])
  giveSecond()
  await third
  expect(order).toEqual(['second', 'third'])
})

test('who gives up leaves the queue and takes nothing with it', async () => {
  const take = createSlots(1)
  const release = await take(never)
  const abort = new AbortController()
  const impatient = take(abort.signal)
  const patient = take(never)
  abort.abort()
  await expect(impatient).rejects.toThrow('cancelled')
  release()
  ;(await patient)()
  ;(await take(never))()
  await expect(take(abort.signal)).rejects.toThrow('cancelled')
})

test('owners are served in turns, however many places one of them has in the queue', async () => {
  const take = createSlots(1)
  const served: string[] = []
  const release = await take(never, 'big')
  const queue = async (owner: string) => {
    const give = await take(never, owner)
    served.push(owner)
    give()
  }
  const all = [...Array(4).fill('big'), 'small', 'tiny', 'small'].map(queue)
  release()
  await Promise.all(all)
  expect(served).toEqual(['big', 'small', 'tiny', 'big', 'small', 'big', 'big'])
})

test('an owner that gave up takes no turn', async () => {
  const take = createSlots(1)
  const release = await take(never, 'a')
  const abort = new AbortController()
  const gone = take(abort.signal, 'b')
  const waiting = take(never, 'c')
  abort.abort()
  await expect(gone).rejects.toThrow('cancelled')
  release()
  ;(await waiting)()
  ;(await take(never, 'b'))()
})
