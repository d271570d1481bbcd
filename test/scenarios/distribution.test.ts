import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { JobReport } from '#ml-service/job.ts'
import type { Distribution } from '#ml-service/plan.ts'
import { jobRunner, plannedStep, sleeping } from '../support/job-runner.ts'

const jobs = jobRunner()
beforeAll(() => jobs.environments.prepare({ requirements: [] }, {}), 60_000)
afterAll(() => jobs.dispose())

const outputs = { result: { type: 'uri_folder', path: undefined } } as const
const torch = (processes: number): Distribution => ({ type: 'pytorch', processes })

describe('a step with a distribution', () => {
  it('is as many processes, which find each other as those of PyTorch do', async () => {
    const code = scripts({ 'all_reduce.py': ALL_REDUCE })
    const train = plannedStep('train', 'python all_reduce.py ${{outputs.result}}', {
      code,
      outputs,
      distribution: torch(3),
    })
    const report = await jobs.run({ steps: [train] })
    expect(report.error).toBeNull()
    expect(readFileSync(join(report.steps[0]!.outputs.result!, 'sum'), 'utf8')).toBe('0 + 1 + 2 = 3')
    expect(logOf(report, 0)).toBe('rank 0 of 3 (local 0 of 3) on node 0 0\n')
    expect(logOf(report, 2)).toBe('rank 2 of 3 (local 2 of 3) on node 0 0\n')
  })

  it('is as many workers of TensorFlow, each on its own port', async () => {
    const code = scripts({ 'workers.py': WORKERS })
    const distribution = { type: 'tensorflow', processes: 2 } as const
    const train = plannedStep('train', 'python workers.py', { code, distribution })
    const report = await jobs.run({ steps: [train] })
    expect(report.error).toBeNull()
    expect(logOf(report, 0)).toBe('cloud worker 0 heard from 1\n')
    expect(logOf(report, 1)).toBe('cloud worker 1 heard from 0\n')
  })

  it('is like any other step, with a process alone', async () => {
    const command = 'echo $RANK $WORLD_SIZE ${{outputs.result}} | tee ${{outputs.result}}/f'
    const report = await jobs.run({
      steps: [plannedStep('train', command, { outputs, distribution: torch(1) })],
    })
    expect(logOf(report, 0)).toMatch(/^0 1 \//)
    const failing = plannedStep('train', 'exit 4', { distribution: torch(1) })
    expect((await jobs.run({ steps: [failing] })).error).toBe("step 'train' ended with exit code 4")
  })

  it('fails with the first process that fails, and then no other goes on', async () => {
    const command = 'if [ $RANK = 1 ]; then exit 3; fi; sleep 334.5'
    const report = await jobs.run({ steps: [plannedStep('train', command, { distribution: torch(3) })] })
    expect(report.steps[0]).toMatchObject({ status: 'failed', exitCode: 3 })
    expect(report.error).toBe("process 1 of step 'train' ended with exit code 3")
    expect(sleeping('334.5')).toBe(0)
  })

  it('leaves nothing behind when it is cancelled or its time is over', async () => {
    const flag = join(jobs.folder(), 'up')
    const command = `touch ${flag}-$RANK; setsid sleep 335.5 & sleep 335.5`
    const abort = new AbortController()
    const step = plannedStep('train', command, { distribution: torch(2) })
    const running = jobs.run({ steps: [step] }, {}, { signal: abort.signal })
    await vi.waitFor(() => expect([0, 1].every(rank => existsSync(`${flag}-${rank}`))).toBe(true), 20_000)
    abort.abort()
    expect((await running).status).toBe('cancelled')
    expect(sleeping('335.5')).toBe(0)
    const limited = await jobs.run({ steps: [{ ...step, timeoutSeconds: 0.5 }] })
    expect(limited.error).toMatch(/^process \d of step 'train' was stopped after its limit of 0.5 s$/)
    expect(sleeping('335.5')).toBe(0)
  })

  it('is another step when the number of processes differs', async () => {
    const of = (processes: number) => [
      plannedStep('t', 'echo once', { spec: 'key', distribution: torch(processes) }),
    ]
    await jobs.run({ steps: of(1) })
    expect((await jobs.run({ steps: of(1) }, { job: 'again' })).steps[0]!.reused).toBe(true)
    expect((await jobs.run({ steps: of(2) }, { job: 'other' })).steps[0]!.reused).toBe(false)
  })
})

const ALL_REDUCE = `
import os, socket, sys, time
e = os.environ
rank, size = int(e["RANK"]), int(e["WORLD_SIZE"])
place = (e["MASTER_ADDR"], int(e["MASTER_PORT"]))
print(f"rank {rank} of {size} (local {e['LOCAL_RANK']} of {e['LOCAL_WORLD_SIZE']}) on node {e['NODE_RANK']} {e['AZUREML_CR_NODE_RANK']}")
if rank == 0:
    with socket.create_server(place) as server:
        got = [0]
        for _ in range(size - 1):
            with server.accept()[0] as peer:
                got.append(int(peer.recv(16)))
    with open(os.path.join(sys.argv[1], "sum"), "w") as f:
        f.write(" + ".join(map(str, sorted(got))) + f" = {sum(got)}")
else:
    while True:
        try:
            with socket.create_connection(place) as master:
                master.sendall(str(rank).encode())
            break
        except OSError:
            time.sleep(0.05)
`

const WORKERS = `
import json, os, socket, time
config = json.loads(os.environ["TF_CONFIG"])
workers = [(host, int(port)) for host, port in (w.split(":") for w in config["cluster"]["worker"])]
me, task = config["task"]["index"], config["task"]["type"]
with socket.create_server(workers[me]) as server:
    for index, place in enumerate(workers):
        while index != me:
            try:
                with socket.create_connection(place) as other:
                    other.sendall(str(me).encode())
                break
            except OSError:
                time.sleep(0.05)
    with server.accept()[0] as peer:
        print(config["environment"], task, me, "heard from", peer.recv(16).decode())
`

function scripts(files: Record<string, string>): string {
  const folder = jobs.folder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

function logOf(report: JobReport, rank: number): string {
  const { log } = report.steps[0]!
  const output = readFileSync(join(dirname(log), `std_log_process_${rank}.txt`), 'utf8')
  if (rank === 0) expect(readFileSync(log, 'utf8')).toBe(output)
  return output
}
