import { type Base, guessable, type Mutant, misspelt, type Operator, replacing } from './mutant.ts'

export const FILES: Operator[] = [
  replacing(
    'a missing component file',
    /(component|trial): ((?:file:)?\.\/[\w/]*?)(\w+)(\.yml)/g,
    ([, key, way, name, end]) => ({
      text: `${key}: ${way}${misspelt(name!)}${end}`,
      rules: ['component-not-found'],
      suggests: guessable(name!),
    }),
  ),
  replacing('a misspelt registered component', /component: azureml:(my_train)/g, ([, name]) => ({
    text: `component: azureml:${misspelt(name!)}`,
    rules: ['unknown-component'],
    suggests: name,
  })),
  replacing('a malformed component reference', /component: azureml:my_train[@:]\w+/g, ([all]) => ({
    text: `${all}@@1`,
    rules: ['bad-reference'],
  })),
  replacing('a missing code folder', /code: (\.\.?\/)([\w-]+)/g, ([, up, name]) => ({
    text: `code: ${up}${misspelt(name!)}`,
    rules: ['code-not-found'],
    suggests: guessable(name!),
  })),
  replacing('code that is a file', /^( *code: )\S+$/gm, ([, key], base) => ({
    text: `${key}${base.name === 'nested' ? './train.yml' : './pipeline.yml'}`,
    rules: ['code-not-a-folder', 'code-not-found'],
    warning: true,
  })),
  { name: 'an empty code folder', mutate: withoutCode },
  replacing('a missing conda file', /conda_file: ([./\w]+)\.yml/g, ([, path]) => ({
    text: `conda_file: ${path}x.yml`,
    rules: ['conda-file-not-found'],
    suggests: '.yml',
  })),
  replacing('a missing requirements file', /-r requirements\.txt/g, () => ({
    text: '-r requirement.txt',
    rules: ['requirements-file-not-found'],
  })),
  replacing('missing data', /path: ((?:\.\/)?)(folder|data|table|raw|src)\b/g, ([, up, name]) => ({
    text: `path: ${up}${misspelt(name!)}`,
    rules: ['path-not-found'],
  })),
  replacing('a misspelt scheme', /path: (https|wasbs|azureml):\/\//g, ([, scheme]) => ({
    text: `path: ${misspelt(scheme!)}://`,
    rules: ['bad-path'],
    suggests: scheme === 'wasbs' ? 'wasb' : `${scheme}://`,
  })),
  replacing('a malformed dataset reference', /path: azureml:(\w+)[@:]\w+/g, ([, name]) => ({
    text: `path: "azureml:${name}@@latest"`,
    rules: ['bad-reference'],
  })),
  replacing('a dataset reference without its prefix', /path: azureml:(\w+)@latest/g, ([, name]) => ({
    text: `path: ${name}@latest`,
    rules: ['path-not-found'],
    suggests: `azureml:${name}@latest`,
  })),
  replacing('a component that contains itself', /component: \.\/train\.yml/g, (_, base) =>
    base.name === 'nested'
      ? { text: 'component: ./train_pipeline.yml', rules: ['recursive-component'] }
      : undefined,
  ),
  replacing(
    'an output that no inner step makes',
    /^ +\w+: \$\{\{parent\.outputs\.\w+\}\}\n/gm,
    (_, base) =>
      base.name === 'nested'
        ? { text: '', rules: ['unbound-output'], file: 'pipeline.yml', nowhere: true }
        : undefined,
    /components\/train_pipeline\.yml$/,
  ),
  replacing('a missing entry file', /(file|entry_script): clean\.py/g, ([, key]) => ({
    text: `${key}: claen.py`,
    rules: ['file-not-found'],
  })),
]

function withoutCode(base: Base): Mutant[] {
  const users = Object.entries(base.files).flatMap(([file, text]) =>
    [...text.matchAll(/code: \.\.?\/([\w-]+)/g)].map(match => ({ file, folder: match[1]!, text, match })),
  )
  return users.map(({ file, folder, text, match }) => ({
    what: `${base.name}/${file}: ${folder} is empty`,
    files: emptied(base.files, folder),
    rules: ['empty-code', 'path-not-found', 'conda-file-not-found'],
    file,
    line: text.slice(0, match.index).split('\n').length,
  }))
}

function emptied(files: Record<string, string>, folder: string): Record<string, string> {
  const kept = Object.entries(files).filter(([path]) => !path.startsWith(`${folder}/`))
  return { ...Object.fromEntries(kept), [`${folder}/.keep`]: '' }
}
