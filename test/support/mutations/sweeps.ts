import { guessable, misspelt, type Operator, replacing } from './mutant.ts'

const OPERATORS: Operator[] = [
  replacing('a misspelt search space', /type: (uniform|choice|quniform|loguniform)\b/g, ([, type]) => ({
    text: `type: ${misspelt(type!)}`,
    rules: ['unknown-type'],
    suggests: type,
  })),
  replacing(
    'a minimum above the maximum',
    /min_value: (\S+?)(,\s|\n +)max_value: ([-\d.]+)/g,
    ([, min, between, max]) => ({
      text: `min_value: ${max}${between}max_value: ${min}`,
      rules: ['out-of-range'],
      nowhere: true,
    }),
  ),
  replacing('no maximum', /(?:, |\n +)max_value: [-\d.]+/g, () => ({
    text: '',
    rules: ['missing-key'],
    nowhere: true,
  })),
  replacing('no values', /values: \[.*?\]/g, () => ({ text: 'values: []', rules: ['wrong-type'] })),
  replacing(
    'a misspelt sampling algorithm',
    /(sampling_algorithm: (?:\{type: )?)(random|grid)/g,
    ([, key, name]) => ({
      text: `${key}${misspelt(name!)}`,
      rules: ['unknown-type'],
      suggests: name,
    }),
  ),
  replacing('a misspelt rule', /rule: sobol/g, () => ({
    text: 'rule: sobel',
    rules: ['unknown-type'],
    suggests: 'sobol',
  })),
  replacing('a grid through a continuum', /sampling_algorithm: random/g, () => ({
    text: 'sampling_algorithm: grid',
    rules: ['bad-grid'],
    nowhere: true,
  })),
  replacing('a misspelt goal', /goal: (minimize|Maximize)/g, ([, goal]) => ({
    text: `goal: ${misspelt(goal!)}`,
    rules: ['bad-goal'],
    suggests: goal!.toLowerCase(),
  })),
  replacing('no goal', /goal: \w+(?:, |\n +)/g, () => ({ text: '', rules: ['missing-key'], nowhere: true })),
  replacing('no metric', /(?:, |\n +)primary_metric: \w+/g, () => ({
    text: '',
    rules: ['missing-key'],
    nowhere: true,
  })),
  replacing('no objective', /^ {4}objective: \{.*\n/gm, () => ({
    text: '',
    rules: ['missing-key'],
    nowhere: true,
  })),
  replacing('no trial', /^ {4}trial: \.\/train\.yml\n/gm, () => ({
    text: '',
    rules: ['missing-trial'],
    nowhere: true,
  })),
  replacing('no sampling algorithm', /^ {4}sampling_algorithm: .*\n/gm, () => ({
    text: '',
    rules: ['missing-key'],
    nowhere: true,
  })),
  replacing('a bandit without slack', /^ +slack_factor: .*\n/gm, () => ({
    text: '',
    rules: ['bad-slack'],
    nowhere: true,
  })),
  replacing('a bandit with two slacks', /^( +)(slack_factor: .*)\n/gm, ([, indent, slack]) => ({
    text: `${indent}${slack}\n${indent}slack_amount: 1\n`,
    rules: ['bad-slack'],
    down: 1,
  })),
  replacing(
    'a misspelt early termination',
    /type: (bandit|median_stopping|truncation_selection)/g,
    ([, type]) => ({
      text: `type: ${misspelt(type!)}`,
      rules: ['unknown-type'],
      suggests: type,
    }),
  ),
  replacing('a truncation of everything', /truncation_percentage: 20/g, () => ({
    text: 'truncation_percentage: 100',
    rules: ['out-of-range'],
  })),
  replacing('more trials at once than in total', /max_concurrent_trials: \d+/g, () => ({
    text: 'max_concurrent_trials: 99',
    rules: ['out-of-range'],
  })),
  replacing('no trials', /max_total_trials: \d+/g, () => ({
    text: 'max_total_trials: 0',
    rules: ['wrong-type'],
  })),
  replacing(
    'an entry of the search space that nobody takes',
    /^( {6})(c_value|kernel|coef0|rate|layers):/gm,
    ([, indent, name]) => ({
      text: `${indent}${misspelt(name!)}:`,
      rules: ['unused-search-space'],
      suggests: guessable(name!),
    }),
  ),
]

/** Other pipelines have keys of the same names. */
export const SWEEPS: Operator[] = OPERATORS.map(({ name, mutate }) => ({
  name: `sweep: ${name}`,
  mutate: base => (base.name === 'sweep' ? mutate(base) : []),
}))
