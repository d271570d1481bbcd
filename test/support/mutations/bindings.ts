import { type Base, guessable, misspelt, type Operator, replacing } from './mutant.ts'

const STEP_OUTPUT = /\$\{\{ ?parent\.jobs\.([\w-]+)\.outputs\.(\w+) ?\}\}/g
const STEP_INPUT = /\$\{\{ ?parent\.jobs\.([\w-]+)\.inputs\.(\w+) ?\}\}/g
const PARENT_INPUT = /\$\{\{ ?parent\.inputs\.([\w.]+) ?\}\}/g
const PARENT_OUTPUT = /\$\{\{ ?parent\.outputs\.(\w+) ?\}\}/g
const ANY = /\$\{\{ ?(parent\.(?:inputs|jobs)[\w.-]+) ?\}\}/g

/** What these steps make isn't known before they run. */
const UNKNOWN_OUTPUTS = ['loop', 'from_registry']

export const BINDINGS: Operator[] = [
  replacing('misspelt step in a binding', STEP_OUTPUT, ([, step, output]) => ({
    text: `\${{parent.jobs.${misspelt(step!)}.outputs.${output}}}`,
    rules: ['unknown-step'],
    suggests: guessable(step!),
  })),
  replacing('misspelt output in a binding', STEP_OUTPUT, ([, step, output]) =>
    UNKNOWN_OUTPUTS.includes(step!)
      ? undefined
      : {
          text: `\${{parent.jobs.${step}.outputs.${misspelt(output!)}}}`,
          rules: ['unknown-output'],
          suggests: guessable(output!),
        },
  ),
  replacing('misspelt input of another step', STEP_INPUT, ([, step, input]) => ({
    text: `\${{parent.jobs.${step}.inputs.${misspelt(input!)}}}`,
    rules: ['unknown-input'],
    suggests: guessable(input!),
  })),
  replacing('misspelt input of the pipeline', PARENT_INPUT, ([, input]) => ({
    text: `\${{parent.inputs.${misspelt(input!)}}}`,
    rules: ['unknown-parent-input'],
    suggests: guessable(input!),
  })),
  replacing('misspelt output of the pipeline', PARENT_OUTPUT, ([, output]) => ({
    text: `\${{parent.outputs.${misspelt(output!)}}}`,
    rules: ['unknown-parent-output'],
    suggests: guessable(output!),
  })),
  replacing('parent left out', ANY, ([, inner]) => ({
    text: `\${{${inner!.replace('parent.', '')}}}`,
    rules: ['bad-expression', 'unknown-placeholder'],
  })),
  replacing('parent misspelt', ANY, ([, inner]) => ({
    text: `\${{${inner!.replace('parent.', 'parnet.')}}}`,
    rules: ['bad-expression'],
  })),
  replacing('outputs where inputs are meant', PARENT_INPUT, ([, input]) => ({
    text: `\${{parent.outputs.${input}}}`,
    rules: ['bad-expression'],
  })),
  replacing('job instead of jobs', STEP_OUTPUT, ([, step, output]) => ({
    text: `\${{parent.job.${step}.outputs.${output}}}`,
    rules: ['bad-expression'],
  })),
  replacing('a binding that is not closed', ANY, ([, inner]) => ({
    text: `\${{${inner}}`,
    rules: ['bad-expression', 'invalid-yaml'],
  })),
  replacing('one brace instead of two', ANY, ([, inner]) => ({
    text: `\${${inner}}`,
    rules: ['like-expression', 'path-not-found', 'wrong-type'],
    warning: true,
  })),
  replacing('three braces', ANY, ([, inner]) => ({
    text: `\${{${inner}}}}`,
    rules: [
      'like-expression',
      'invalid-yaml',
      'wrong-type',
      'path-not-found',
      'bad-expression',
      'bad-reference',
    ],
    warning: true,
  })),
  replacing('no dollar', /"?\$\{\{ ?(parent\.(?:inputs|jobs)[\w.-]+) ?\}\}"?/g, ([, inner]) => ({
    text: `"{{${inner}}}"`,
    rules: ['like-expression', 'wrong-type', 'path-not-found'],
    warning: true,
  })),
  { name: 'a step that needs itself', mutate: base => reboundOutputs(base, (_, owner) => owner) },
  { name: 'a cycle', mutate: base => reboundOutputs(base, consumer) },
  replacing(
    'one output bound twice',
    /^( +)(\w+): (\$\{\{parent\.outputs\.\w+\}\})$/gm,
    ([line, indent, name, binding]) => ({
      text: `${line}\n${indent}${name}_again: ${binding}`,
      rules: ['output-bound-twice', 'unknown-output'],
      down: 1,
    }),
  ),
  replacing(
    'an output of a step that is not declared',
    /^ {6}\w+: \{type: \w+(?:, mode: \w+)?\}\n/gm,
    (match, base) => {
      const [step, name] = [ownerAt(match), match[0].trim().split(':')[0]!]
      const used = base.files['pipeline.yml']!.includes(`jobs.${step}.outputs.${name}`)
      return used ? { text: '', rules: ['unknown-output', 'unknown-placeholder'], nowhere: true } : undefined
    },
  ),
]

/** Replaces what a step reads by an output of another one that needs it. */
function reboundOutputs(base: Base, other: (base: Base, owner: string) => string | undefined) {
  const operator = replacing('', ANY, match => {
    const owner = ownerAt(match)
    const producer = owner && other(base, owner)
    const output = producer && outputOf(base, producer)
    const inCommand = /command|path|limits|distribution|VARIABLES|compute/.test(lineOf(match))
    if (!output || inCommand) return undefined
    return { text: `\${{parent.jobs.${producer}.outputs.${output}}}`, rules: ['cycle'], nowhere: true }
  })
  return operator.mutate(base).filter(mutant => mutant.file === 'pipeline.yml')
}

/** A step that reads an output of this one. */
function consumer(base: Base, step: string): string | undefined {
  const text = base.files['pipeline.yml']!
  const uses = [...text.matchAll(new RegExp(`parent\\.jobs\\.${step}\\.outputs`, 'g'))]
  return uses.map(match => ownerAt(match as RegExpExecArray)).find(owner => owner !== step)
}

function outputOf(base: Base, step: string): string | undefined {
  if (UNKNOWN_OUTPUTS.includes(step)) return undefined
  const known = new RegExp(`parent\\.jobs\\.${step}\\.outputs\\.(\\w+)`).exec(base.files['pipeline.yml']!)
  return known?.[1] ?? (step === 'last' ? undefined : ownOutput(base, step))
}

function ownOutput(base: Base, step: string): string | undefined {
  const block = new RegExp(`^ {2}${step}:[sS]*?^ {4}outputs:[sS]*?(\\w+): ?[$\\n{]`, 'm').exec(
    base.files['pipeline.yml']!,
  )
  return block && !block[0].slice(4).match(/^ {2}\w+:/m) ? block[1] : undefined
}

/** The step in which a match stands. */
function ownerAt(match: RegExpExecArray): string | undefined {
  const before = match.input.slice(0, match.index)
  const jobs = before.lastIndexOf('\njobs:')
  if (jobs < 0) return undefined
  return [...before.slice(jobs).matchAll(/^ {2}([\w-]+):/gm)].at(-1)?.[1]
}

function lineOf({ input, index }: RegExpExecArray): string {
  return input.slice(input.lastIndexOf('\n', index) + 1, input.indexOf('\n', index))
}
