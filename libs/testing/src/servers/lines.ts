/** A configuration file's lines, `name<separator>value`. */
export function lines(settings: Readonly<Record<string, string | number>>, separator: string): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}${separator}${value}\n`)
    .join('');
}
