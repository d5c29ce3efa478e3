/** How an entity's key is written in state, in the online store and in snapshots. */

/**
 * The text of a key's parts in the order of the entity's keys: a JSON array of strings, so that no two keys look alike
 * (`["a","b"]` and `["a,b"]`). The entity "everything" is `[]`.
 */
export function entityKeyOf(parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** The key of the entity "everything". */
export const EVERYTHING = entityKeyOf([]);

/**
 * A part of a key as text: numbers and booleans are written as JSON writes them. Undefined when the value cannot name
 * an entity (null, an object, a number that is not finite).
 */
export function keyPartOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  return undefined;
}
