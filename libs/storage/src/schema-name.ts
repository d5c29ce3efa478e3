/** The schema's name, proven fit to stand unquoted in SQL text. Throws a RangeError for anything else. */
export function schemaName(name: string): string {
  if (/^[a-z][a-z0-9_]{0,62}$/.test(name)) return name;
  throw new RangeError(`"${name}" cannot name a schema: use lower-case letters, digits and underscores, beginning with a letter.`);
}
