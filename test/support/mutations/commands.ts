import { guessable, misspelt, type Operator, replacing } from './mutant.ts'

const INPUT = /\$\{\{inputs\.(\w+)\}\}/g
const OUTPUT = /\$\{\{outputs\.(\w+)\}\}/g
const SEARCHED = /\$\{\{search_space\.(\w+)\}\}/g
/** In another pair of brackets it would still be optional. */
const outermost = (match: RegExpExecArray) =>
  !/\$\[\[(?:(?!\]\])[\s\S])*$/.test(match.input.slice(0, match.index))

const OPTIONAL = /\$\[\[((?:(?!\$\[\[|\]\])[\s\S])*)\]\]/g

export const COMMANDS: Operator[] = [
  replacing('misspelt input in a command', INPUT, ([, name]) => ({
    text: `\${{inputs.${misspelt(name!)}}}`,
    rules: ['unknown-placeholder'],
    suggests: guessable(name!),
    nowhere: true,
  })),
  replacing('misspelt output in a command', OUTPUT, ([, name]) => ({
    text: `\${{outputs.${misspelt(name!)}}}`,
    rules: ['unknown-placeholder'],
    suggests: guessable(name!),
    nowhere: true,
  })),
  replacing('misspelt entry of the search space', SEARCHED, ([, name]) => ({
    text: `\${{search_space.${misspelt(name!)}}}`,
    rules: ['unknown-placeholder'],
    suggests: guessable(name!),
  })),
  replacing('input instead of inputs', INPUT, ([, name]) => ({
    text: `\${{input.${name}}}`,
    rules: ['bad-expression'],
    suggests: `inputs.${name}`,
  })),
  replacing('output instead of outputs', OUTPUT, ([, name]) => ({
    text: `\${{output.${name}}}`,
    rules: ['bad-expression'],
    suggests: `outputs.${name}`,
  })),
  replacing('inputs where outputs are meant', OUTPUT, ([, name]) => ({
    text: `\${{inputs.${name}}}`,
    rules: ['unknown-placeholder'],
    nowhere: true,
  })),
  replacing('a parent expression in a command', INPUT, ([, name]) => ({
    text: `\${{parent.inputs.${name}}}`,
    rules: ['bad-expression', 'unknown-parent-input', 'unknown-placeholder'],
    nowhere: true,
  })),
  replacing('one brace in a command', INPUT, ([, name]) => ({
    text: `\${inputs.${name}}`,
    rules: ['bad-expression'],
    suggests: `\${{inputs.${name}}}`,
  })),
  replacing('parentheses in a command', INPUT, ([, name]) => ({
    text: `$(inputs.${name})`,
    rules: ['like-expression'],
    warning: true,
    suggests: `\${{inputs.${name}}}`,
  })),
  replacing('no dollar in a command', INPUT, ([, name]) => ({
    text: `{{inputs.${name}}}`,
    rules: ['like-expression', 'invalid-yaml', 'bad-key'],
    warning: true,
  })),
  replacing('a placeholder that is not closed', INPUT, ([, name]) => ({
    text: `\${{inputs.${name}}`,
    rules: ['bad-expression'],
  })),
  replacing('an optional input outside of brackets', OPTIONAL, match =>
    !outermost(match)
      ? undefined
      : {
          text: match[1]!,
          rules: ['optional-outside-brackets'],
          nowhere: true,
        },
  ),
  replacing('brackets that are not closed', OPTIONAL, match =>
    !outermost(match)
      ? undefined
      : {
          text: `$[[${match[1]}]`,
          rules: ['bad-expression'],
          nowhere: true,
        },
  ),
  replacing('single brackets', OPTIONAL, match =>
    !outermost(match)
      ? undefined
      : {
          text: `[${match[1]}]`,
          rules: ['optional-outside-brackets'],
          nowhere: true,
        },
  ),
  replacing('a required input inside brackets', /--\w+ \$\{\{inputs\.(\w+)\}\}/g, (match, base) => {
    const { 0: text, 1: name, index, input } = match
    const isComponent = !input.includes('jobs:') && base.name !== 'command-job'
    const wrapped = input.slice(0, index).endsWith('$[[')
    const required = new RegExp(`^ {2}${name}:(?! \\{.*optional)(?!\\n.*\\n? *optional)`, 'm').test(input)
    if (!isComponent || wrapped || !required || input.includes('optional')) return undefined
    return { text: `$[[${text}]]`, rules: ['required-in-brackets'] }
  }),
  replacing('an empty command', /^( *)command: (?!>|\|)\S.*$/gm, ([, indent]) => ({
    text: `${indent}command: ""`,
    rules: ['missing-command'],
  })),
  replacing('a command that is a list', /^( *)command: (?!>|\|)\S.*$/gm, ([, indent]) => ({
    text: `${indent}command: [python, train.py]`,
    rules: ['wrong-type'],
  })),
  replacing('no command', /^( {4})command: (?!>|\|)\S.*\n/gm, () => ({
    text: '',
    rules: ['missing-command'],
    nowhere: true,
  })),
]
