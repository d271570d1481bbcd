import { join } from 'node:path'

/** Where a home keeps what. One home belongs to one server; workers of the same database share it. */
export function homeFolders(home: string) {
  return {
    home,
    /** Where the running server is and how to talk to it: `{url, token, pid, version}`, mode 0600. */
    serverFile: join(home, 'server.json'),
    /** How workers reach database and tracking: mode 0600. */
    workerFile: join(home, 'worker.json'),
    artifacts: join(home, 'artifacts'),
    cache: join(home, 'cache'),
    components: join(home, 'components'),
    datasets: join(home, 'datasets'),
    datastores: join(home, 'datastores'),
    images: join(home, 'images'),
    jobs: join(home, 'jobs'),
    logs: join(home, 'logs'),
    models: join(home, 'models'),
    pipelines: join(home, 'pipelines'),
    repositories: join(home, 'repositories'),
    runs: join(home, 'runs'),
  }
}
