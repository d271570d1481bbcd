import { StageFailure } from '#errors.ts'

/**
 * Replaces `${{inputs.x}}` and `${{outputs.y}}` by plain text, without quoting, as Azure ML does. One pass: what a
 * value contains isn't expanded again. Throws StageFailure for a name that isn't there.
 */
export function commandLine(
  command: string,
  values: { inputs: Record<string, string>; outputs: Record<string, string> },
): string {
  return command.replace(
    /\$\{\{\s*(inputs|outputs)\.([\w.-]+)\s*\}\}/g,
    (text, kind: string, name: string) => {
      const side = kind === 'inputs' ? values.inputs : values.outputs
      if (!Object.hasOwn(side, name)) throw new StageFailure(`the command names ${text}, which has no value`)
      return side[name]!
    },
  )
}
