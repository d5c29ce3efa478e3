/** Schemas within a schema, and how what parts of it say about one field is put together. */

export type Schema = Readonly<Record<string, unknown>>;
export type SchemaNode = Schema | boolean;

export const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * `allowed`: the schema says that there may be further fields of any kind, in so many words (that counts as spoken of for
 * `unevaluatedProperties`); `undeclared`: it says nothing.
 */
export type FoundState = 'declared' | 'other' | 'allowed' | 'undeclared' | 'absent';

export interface FoundField {
  readonly state: FoundState;
  readonly node: SchemaNode;
}

/** From what says most to what says least. */
const SAYING: readonly FoundState[] = ['declared', 'other', 'allowed', 'undeclared', 'absent'];

const loudest = (found: readonly FoundField[]): FoundState =>
  SAYING.find((state) => found.some((field) => field.state === state)) ?? 'undeclared';

/** A field must suit every part. */
export function everyField(found: readonly FoundField[]): FoundField {
  const absent = found.find(({ state }) => state === 'absent');
  return absent ?? { state: loudest(found), node: { allOf: found.map(({ node }) => node) } };
}

/** A field may be there when one of the parts lets it. */
export function someField(found: readonly FoundField[]): FoundField {
  const possible = found.filter(({ state }) => state !== 'absent');
  if (possible.length === 0) return { state: 'absent', node: false };
  return { state: loudest(possible), node: { anyOf: possible.map(({ node }) => node) } };
}
