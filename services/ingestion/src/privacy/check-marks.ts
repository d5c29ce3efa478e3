/** A mark of personal data that means nothing would be taken for the strictest: it is refused where it is declared. */

const MEANT: readonly unknown[] = [true, false, 'hash', 'drop'];

/** JSON pointers into the schema, each at a faulty `x-pii`. */
export function findFaultyMarks(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, inner]: [string, unknown]) => {
    const place = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (typeof inner === 'object') return findFaultyMarks(inner, place); // also a property of the data that is called x-pii
    return name === 'x-pii' && !MEANT.includes(inner) ? [place] : [];
  });
}

/** Whether anything within is marked. */
export function hasMarks(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(([name, inner]: [string, unknown]) => (name === 'x-pii' && inner !== false) || hasMarks(inner));
}
