/** YAML text of a pipeline of no-op steps in one of the shapes; with `log` each appends its number to that file. */
export function graph(shape: string, options: { steps: number; log?: string }): string
