import { guessable, misspelt, type Operator, replacing } from './mutant.ts'

/** Keys whose misspelling makes something else missing are found there. */
const KEY =
  /^( *)(?:- )?(display_name|experiment_name|description|settings|inputs|outputs|jobs|command|component|environment|environment_variables|code|limits|compute|distribution|resources|trial|search_space|sampling_algorithm|objective|early_termination|default_datastore|default_compute|continue_on_step_failure|default|optional|mode|enum|goal|primary_metric|slack_factor|values|min_value|max_value|max_total_trials|timeout|conda_file|image|process_count_per_instance|instance_count|is_deterministic|target_column_name|training_data|args|entry|conf|input_data|task|mini_batch_size|logging_level|program_arguments): ?/gm

const REQUIRED = [
  'component',
  'command',
  'trial',
  'environment',
  'inputs',
  'jobs',
  'search_space',
  'objective',
]

export const STRUCTURE: Operator[] = [
  replacing('a misspelt key', KEY, ([all, , key], base) =>
    key === 'training_data' && base.name !== 'azure-only'
      ? undefined
      : {
          text: all.replace(key!, misspelt(key!)),
          rules: ['unknown-key', 'missing-jobs', 'missing-type'],
          suggests: guessable(key!),
          nowhere: REQUIRED.includes(key!),
          warning: true,
        },
  ),
  replacing('a duplicate key', /^ *[\w$]+: (?![>|&{[])[^\s#].*\n/gm, ([line]) => ({
    text: `${line}${line}`,
    rules: ['duplicate-key'],
    down: 1,
  })),
  replacing('a duplicate step', /^ {2}(\w+):\n {4}(?=type|command|component)/gm, ([line, step]) => ({
    text: `  ${step}: {command: x, environment: "azureml:e:1"}\n${line}`,
    rules: ['duplicate-key'],
    down: 1,
  })),
  replacing('a tab as indentation', /^( +)(?=[\w$]+:)/gm, () => ({ text: '\t', rules: ['invalid-yaml'] })),
  replacing(
    'one space too many',
    /^( +)(?=(?:type|component|environment|outputs):.*\n\1[\w$])/gm,
    ([indent], base) =>
      base.name === 'anchors'
        ? undefined
        : { text: `${indent} `, rules: ['invalid-yaml', 'missing-jobs'], nowhere: true },
  ),
  replacing('an open quote', /"([^"\n]*)"$/gm, ([, inside]) => ({
    text: `"${inside}`,
    rules: ['invalid-yaml'],
    nowhere: true,
  })),
  replacing('an open brace', /(: \{[^{}\n]*)\}$/gm, ([, inside]) => ({
    text: inside!,
    rules: ['invalid-yaml'],
    nowhere: true,
  })),
  replacing(
    'no space behind the colon',
    /^( +)(type|component|environment|command|code): (?=[^>|&\n])/gm,
    ([, indent, key]) => ({
      text: `${indent}${key}:`,
      rules: [
        'invalid-yaml',
        'not-a-mapping',
        'wrong-type',
        'missing-jobs',
        'missing-environment',
        'bad-expression',
      ],
      nowhere: true,
    }),
  ),
  replacing('an alias without an anchor', /\*(base|env)\b/g, ([, name]) => ({
    text: `*${misspelt(name!)}`,
    rules: ['invalid-yaml'],
  })),
  replacing('a misspelt step type', /^( {4}type: )(\w+)$/gm, ([, key, type], base) =>
    /string|integer|number|boolean|uri|mltable|model|bandit/.test(type!) || base.name === 'command-job'
      ? undefined
      : { text: `${key}${misspelt(type!)}`, rules: ['unknown-type'], suggests: type },
  ),
  replacing('a misspelt type of the file', /^(type: )(\w+)$/gm, ([, key, type]) => ({
    text: `${key}${misspelt(type!)}`,
    rules: ['unknown-type'],
    suggests: type,
  })),
  replacing(
    'a misspelt type of an input or output',
    /type: (uri_file|uri_folder|mltable|mlflow_model|custom_model|string|integer|number|boolean)\b/g,
    ([, type]) => ({
      text: `type: ${misspelt(type!)}`,
      rules: ['unknown-type'],
      suggests: type,
    }),
  ),
  replacing(
    'an input or output of a component without a type',
    /^( {2}\w+): \{type: \w+\}$/gm,
    ([, name]) => ({
      text: `${name}: {description: none}`,
      rules: ['missing-type', 'unsupported-type'],
      nowhere: true,
      warning: true,
    }),
    /(?:train|score|predict|compare|gather|eval|body|my_train)\.yml$/,
  ),
  replacing(
    'a misspelt mode',
    /mode: (upload|download|ro_mount|direct|rw_mount|eval_mount)/g,
    ([, mode]) => ({
      text: `mode: ${misspelt(mode!)}`,
      rules: ['bad-mode'],
      suggests: mode,
    }),
  ),
  replacing(
    'the step type of another component',
    /^( {4}type: )command(\n {4}component: )/gm,
    ([, type, rest]) => ({
      text: `${type}pipeline${rest}`,
      rules: ['wrong-type'],
      suggests: 'type: command',
    }),
  ),
  replacing('a step name with a space', /^ {2}(\w+)_(job|step|sweep|model1):/gm, ([, name, rest]) => ({
    text: `  ${name} ${rest}:`,
    rules: ['bad-name'],
    suggests: `${name}_${rest}`,
  })),
  replacing(
    'a hyphen in the name of an input',
    /^ {2}(\w+)_(\w+):(?=(?:\n {4}| \{)type: (?:uri|string|number|integer))/gm,
    ([, a, b]) => ({
      text: `  ${a}-${b}:`,
      rules: ['bad-name'],
      suggests: `${a}_${b}`,
    }),
  ),
  replacing('no environment', /^ *environment: (?:azureml|\{image).*\n/gm, ([line], base) =>
    base.name === 'anchors' || (base.name === 'azure-only' && line.includes('conda'))
      ? undefined
      : { text: '', rules: ['missing-environment'], nowhere: true },
  ),
  replacing(
    'an environment without its prefix',
    /environment: (&env )?azureml:(?!\/)(\S+)/g,
    ([, anchor, name]) => ({
      text: `environment: ${anchor ?? ''}${name}`,
      rules: ['bad-environment'],
      suggests: `azureml:${name}`,
    }),
  ),
  replacing('an empty inline environment', /environment: \{image: [^}]*\}/g, () => ({
    text: 'environment: {img: python}',
    rules: ['bad-environment', 'unknown-key'],
  })),
  replacing(
    'a list where a mapping is meant',
    /^( *(?:inputs|outputs|limits|environment_variables|objective|distribution|search_space|settings|resources): ?)\{.*\}$/gm,
    ([, key]) => ({
      text: `${key}[a, b]`,
      rules: ['wrong-type'],
    }),
  ),
  replacing(
    'a text where a mapping is meant',
    /^( *(?:inputs|outputs|limits|objective|distribution|environment_variables): ?)\{.*\}$/gm,
    ([, key]) => ({
      text: `${key}none`,
      rules: ['wrong-type'],
    }),
  ),
  replacing('no jobs', /^jobs:\n[\s\S]*/gm, () => ({
    text: '',
    rules: ['missing-jobs', 'unbound-output'],
    nowhere: true,
  })),
  replacing('empty jobs', /^jobs:\n[\s\S]*/gm, () => ({ text: 'jobs: {}\n', rules: ['missing-jobs'] })),
  replacing('jobs that are a list', /^jobs:\n[\s\S]*/gm, () => ({
    text: 'jobs:\n  - command: x\n',
    rules: ['wrong-type'],
    nowhere: true,
  })),
  replacing('a step that is a text', /^ {2}(\w+_(?:job|step)):\n/gm, ([, step]) => ({
    text: `  ${step}_more: train\n  ${step}:\n`,
    rules: ['wrong-type'],
  })),
  replacing('no type of the file', /^type: pipeline\n/gm, () => ({
    text: '',
    rules: ['missing-type'],
    nowhere: true,
  })),
]
