import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Tools and Python environments are shared by all homes of all test runs: they are the same everywhere. */
export const SHARED_TOOLS = join(tmpdir(), 'millwright-test-tools')
