#!/usr/bin/env node
import { existsSync } from 'node:fs'

const entry = new URL('../dist/millwright.js', import.meta.url)
if (!existsSync(entry)) {
  process.stderr.write('millwright is not built: run `npm run build` in its folder first\n')
  process.exit(1)
}
await import(entry)
