import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Everything that the environment decides. This file is the only reader of `process.env`. */
export interface Config {
  home: string
  /** An external PostgreSQL, or undefined for the embedded one. */
  databaseUrl: string | undefined
  /** A server to talk to instead of the home's own. */
  serverUrl: string | undefined
  serverToken: string | undefined
  /** An external MLflow server, or undefined for our own. */
  mlflowTrackingUri: string | undefined
  /** Lets us read one storage account's private blobs. */
  azureStorage: { account: string; sasToken: string } | undefined
  /** What a file or folder from the network may have at most. */
  maxDownloadBytes: number
  /** Name of a failpoint at which the process ends itself with SIGKILL; only for tests. */
  failpoint: string | undefined
  /** What programs that we start may inherit: PATH, HOME, proxies, certificates, package indexes; nothing else. */
  inheritedEnv: Record<string, string>
}

/** Reads the environment; never fails. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return {
    home: resolve(env.MILLWRIGHT_HOME || join(homedir(), '.millwright')),
    databaseUrl: env.DATABASE_URL || undefined,
    serverUrl: env.MILLWRIGHT_URL || undefined,
    serverToken: env.MILLWRIGHT_TOKEN || undefined,
    mlflowTrackingUri: env.MLFLOW_TRACKING_URI || undefined,
    azureStorage: azureStorage(env),
    maxDownloadBytes: Number(env.MILLWRIGHT_MAX_DOWNLOAD) || 50e9,
    failpoint: env.MILLWRIGHT_FAILPOINT || undefined,
    inheritedEnv: inheritable(env),
  }
}

function azureStorage(env: NodeJS.ProcessEnv): Config['azureStorage'] {
  const { AZURE_STORAGE_ACCOUNT: account, AZURE_STORAGE_SAS_TOKEN: sasToken } = env
  return account && sasToken ? { account, sasToken } : undefined
}

const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|(http|https|no|all)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|CERT|CONFIG_FILE)|UV_(INDEX_URL|DEFAULT_INDEX|EXTRA_INDEX_URL|INDEX|CACHE_DIR|INSECURE_HOST|NATIVE_TLS|CONFIG_FILE|PYTHON_INSTALL_DIR|PYTHON_INSTALL_MIRROR|PYTHON_DOWNLOADS)|XDG_CACHE_HOME|XDG_CONFIG_HOME|XDG_DATA_HOME|PYENV_(ROOT|VERSION))$/i

function inheritable(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && INHERITED.test(name))
  return Object.fromEntries(kept) as Record<string, string>
}
