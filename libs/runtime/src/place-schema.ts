/** Their values are data, in which nothing refers to anything. */
const DATA = new Set(['const', 'enum', 'default', 'examples', 'example']);
/** Their keys are names that users have chosen, and no keywords. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);

type Schema = Readonly<Record<string, unknown>>;

/**
 * A JSON Schema as a part of a larger document. References within it begin at its own root; readers of the document begin at the
 * document's. `pointer`: where it lies, like `#/channels/x/payload`. A schema that has an `$id` of its own stays as it is: its
 * references begin there.
 */
export function placeSchema(schema: Schema, pointer: string): Schema {
  return '$id' in schema ? schema : (placed(schema, pointer) as Schema);
}

function placed(value: unknown, pointer: string, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((one) => placed(one, pointer));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([keyword, inner]) => {
    if (isMap) return [keyword, placed(inner, pointer)];
    if (DATA.has(keyword)) return [keyword, inner];
    const isReference = keyword === '$ref' && typeof inner === 'string' && /^#(\/|$)/.test(inner);
    return [keyword, isReference ? pointer + inner.slice(1) : placed(inner, pointer, MAPS.has(keyword))];
  });
  return Object.fromEntries(entries);
}

/** A step of a JSON pointer. */
export const pointerStep = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
