import { guessable, misspelt, type Operator, replacing } from './mutant.ts'

const MARKED = (mark: string) => new RegExp(`^( +\\w+: )(\\S+) # ${mark}`, 'gm')
const NUMBER = /^( +\w+: )\S+ # (?:number|integer) in (\S+)\.\.(\S+)$/gm

export const VALUES: Operator[] = [
  replacing('a text for an integer', MARKED('integer'), ([, key]) => ({
    text: `${key}many`,
    rules: ['wrong-type'],
  })),
  replacing('a fraction for an integer', MARKED('integer'), ([, key]) => ({
    text: `${key}2.5`,
    rules: ['wrong-type'],
  })),
  replacing('a text for a number', MARKED('number'), ([, key]) => ({
    text: `${key}high`,
    rules: ['wrong-type'],
  })),
  replacing('a comma in a number', MARKED('number'), ([, key]) => ({
    text: `${key}0,5`,
    rules: ['wrong-type'],
  })),
  replacing('a text for a boolean', MARKED('boolean'), ([, key]) => ({
    text: `${key}ture`,
    rules: ['wrong-type'],
  })),
  replacing('a number for a boolean', MARKED('boolean'), ([, key]) => ({
    text: `${key}1`,
    rules: ['wrong-type'],
  })),
  replacing('a value that the enum lacks', MARKED('enum'), ([, key, value]) => ({
    text: `${key}${misspelt(value!)}`,
    rules: ['not-in-enum'],
    suggests: guessable(value!),
  })),
  replacing('a value below the minimum', NUMBER, ([, key, min]) => ({
    text: `${key}${Number(min) - 1}`,
    rules: ['out-of-range'],
  })),
  replacing('a value above the maximum', NUMBER, ([, key, , max]) => ({
    text: `${key}${Number(max) + 1}`,
    rules: ['out-of-range'],
  })),
  replacing('a missing required input', /^ +\w+: .* # required\n/gm, () => ({
    text: '',
    rules: ['missing-input'],
    nowhere: true,
  })),
  replacing('a misspelt required input', /^( +)(\w+)(: .*) # required$/gm, ([, indent, name, rest]) => ({
    text: `${indent}${misspelt(name!)}${rest}`,
    rules: ['missing-input', 'unknown-input'],
    suggests: guessable(name!),
    nowhere: true,
    warning: true,
  })),
  replacing('a required input without a value', /^( +\w+:) (?:\$|\{).* # required$/gm, ([, key]) => ({
    text: key!,
    rules: ['missing-input'],
    nowhere: true,
  })),
  replacing(
    'a number for data',
    /^( +(?:training_data|test_data|model_input|constructor|raw): ?)[${].*$/gm,
    ([, key], base) =>
      ['azure-only', 'command-job', 'sweep', 'distributed', 'anchors', 'data'].includes(base.name)
        ? undefined
        : {
            text: `${key}42`,
            rules: ['wrong-type', 'missing-type'],
            nowhere: true,
          },
  ),
  replacing('data without a path', /^( +)path: \.\/data$/gm, ([, indent]) => ({
    text: `${indent}pth: ./data`,
    rules: ['missing-input'],
    nowhere: true,
  })),
  replacing(
    'a default of the wrong type',
    /(type: (?:integer|number)(?:, |\n +))default: [\d.]+/g,
    ([, type]) => ({
      text: `${type}default: three`,
      rules: ['wrong-type'],
      nowhere: true,
    }),
  ),
  replacing('a default that the enum lacks', /default: (sgd|fast)/g, () => ({
    text: 'default: fas',
    rules: ['not-in-enum'],
    nowhere: true,
  })),
  replacing('a minimum above the maximum', /min: (\d+)(,\s|\n +)max: (\d+)/g, ([, min, between, max]) => ({
    text: `min: ${max}${between}max: ${min}`,
    rules: ['bad-range'],
    nowhere: true,
  })),
  replacing('an environment variable that is no text', /^( +[A-Z]+: )"1"$/gm, ([, key]) => ({
    text: `${key}1`,
    rules: ['wrong-type'],
    suggests: "'1'",
  })),
  replacing('a negative timeout', /timeout: (\d+)/g, ([, seconds], base) =>
    base.name === 'azure-only' ? undefined : { text: `timeout: -${seconds}`, rules: ['wrong-type'] },
  ),
  replacing('a timeout that is no number', /timeout: (\d+)/g, (_, base) =>
    base.name === 'azure-only' ? undefined : { text: 'timeout: 1h', rules: ['wrong-type'] },
  ),
  replacing(
    'a setting that is no boolean',
    /(continue_on_step_failure|force_rerun|is_deterministic): \w+/g,
    ([, key]) => ({
      text: `${key}: maybe`,
      rules: ['wrong-type'],
    }),
  ),
  replacing('a version without a name', /name: lines, /g, () => ({ text: '', rules: ['missing-name'] })),
  replacing('a bad name for a data asset', /name: (lines|shouts|best-model)/g, () => ({
    text: 'name: a/b',
    rules: ['bad-name'],
  })),
  replacing('no processes', /(process_count_per_instance|worker_count): \d/g, ([, key]) => ({
    text: `${key}: 0`,
    rules: ['wrong-type'],
  })),
  replacing('instances that are no number', /instance_count: \d/g, () => ({
    text: 'instance_count: two',
    rules: ['wrong-type'],
  })),
]
