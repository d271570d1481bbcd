import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './home.js'

/**
 * Imports the tests' tiny repository with one model type, `alpha`, into the home's server and returns a clone of it.
 * `files` are written into it before, by path.
 */
export function importTiny(home, files = {}) {
  const source = join(home.path, 'source')
  const clone = join(home.path, 'clone')
  const git = (folder, ...words) => home.run('git', '-C', folder, ...words)
  cpSync(join(ROOT, 'test/fixtures/tiny'), source, {
    recursive: true,
    filter: path => !path.includes('/mlops/beta'),
  })
  for (const [path, text] of Object.entries(files)) writeFileSync(join(source, path), text)
  for (const name of ['numbers', 'numbers-evaluation'])
    home.json('dataset', 'register', name, join(source, 'data', name))
  git(source, 'init', '-q', '-b', 'main')
  git(source, 'add', 'mlops')
  git(source, 'commit', '-q', '-m', 'tiny')
  const { url } = home.json('repo', 'add', source, '--name', 'tiny')
  home.run('git', 'clone', '-q', url, clone)
  return {
    push(path, text) {
      writeFileSync(join(clone, path), text)
      git(clone, 'add', path)
      git(clone, 'commit', '-q', '-m', path)
      git(clone, 'push', '-q', 'origin', 'main')
    },
  }
}
