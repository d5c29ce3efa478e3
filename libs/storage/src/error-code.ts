/** The system's code of a failed call (ENOSPC, ECONNREFUSED, …) or a SQLSTATE, if the error carries one. */
export function codeOf(error: unknown): string | undefined {
  return textOf(error, 'code');
}

/** A text property of whatever was thrown. Looks at the shape, because an error of another realm is no instance of this one's Error. */
export function textOf(error: unknown, property: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : undefined;
}

/** What the error says; its code or name where it says nothing. */
export function messageOf(error: unknown): string {
  const said = textOf(error, 'message');
  if (said !== undefined && said !== '') return said;
  return codeOf(error) ?? textOf(error, 'name') ?? String(error);
}

/** What the error says, as a sentence to go on after. */
export function sentenceOf(error: unknown): string {
  return `${messageOf(error).trim().replace(/\.+$/, '')}.`;
}
