import { checkCompatibility, describeIncompatibility, type EarlierVersion } from './check-compatibility.ts';
import type { CompatibilityLevel } from './compatibility-level.ts';
import { parseSchema, type ParsedSchema } from './parse-schema.ts';

const avro = (...fields: string[]): ParsedSchema =>
  parseSchema(
    {
      type: 'AVRO',
      references: [],
      text: JSON.stringify({
        type: 'record',
        name: 'R',
        fields: fields.map((field) => ({ name: field.replace('?', ''), type: 'int', ...(field.endsWith('?') && { default: 0 }) })),
      }),
    },
    [],
  );
const versions = (...schemas: ParsedSchema[]): EarlierVersion[] => schemas.map((schema, index) => ({ version: index + 1, schema }));
const found = (schema: ParsedSchema, earlier: EarlierVersion[], level: CompatibilityLevel): string[] =>
  checkCompatibility(schema, earlier, level).map(({ direction, version, rule }) => `${direction} ${version} ${rule}`);

describe('a level', () => {
  const missing = 'READER_FIELD_MISSING_DEFAULT_VALUE';
  const earlier = versions(avro(), avro('a'));

  it.each<[CompatibilityLevel, string[]]>([
    ['NONE', []],
    ['BACKWARD', []],
    ['BACKWARD_TRANSITIVE', [`BACKWARD 1 ${missing}`]],
    ['FORWARD', []],
    ['FULL', []],
    ['FULL_TRANSITIVE', [`BACKWARD 1 ${missing}`]],
  ])('%s compares the same field with the versions that it asks about', (level, expected) => {
    expect(found(avro('a'), earlier, level)).toEqual(expected);
  });

  it.each<[CompatibilityLevel, string[]]>([
    ['BACKWARD', []],
    ['FORWARD', [`FORWARD 2 ${missing}`]],
    ['FORWARD_TRANSITIVE', [`FORWARD 2 ${missing}`]],
    ['FULL', [`FORWARD 2 ${missing}`]],
  ])('%s says whether a field may go', (level, expected) => {
    expect(found(avro(), earlier, level)).toEqual(expected);
  });

  it.each<[CompatibilityLevel, string[]]>([
    ['BACKWARD', [`BACKWARD 2 ${missing}`]],
    ['FORWARD', []],
    ['FULL', [`BACKWARD 2 ${missing}`]],
  ])('%s says whether a field may come without a default', (level, expected) => {
    expect(found(avro('a', 'b'), earlier, level)).toEqual(expected);
  });

  it('lets a field with a default come and go', () => {
    expect(found(avro('a?'), versions(avro()), 'FULL_TRANSITIVE')).toEqual([]);
    expect(found(avro(), versions(avro('a?')), 'FULL_TRANSITIVE')).toEqual([]);
  });

  it('does not let the type of schemas change', () => {
    const json = parseSchema({ type: 'JSON', text: '{}', references: [] }, []);
    expect(found(json, earlier, 'BACKWARD')).toEqual(['BACKWARD 2 SCHEMA_TYPE_CHANGED']);
  });
});

it('an incompatibility is told with its rule, place, version, reason and remedy', () => {
  const [one] = checkCompatibility(avro('a'), versions(avro()), 'BACKWARD');
  expect(one && describeIncompatibility(one)).toBe(
    'READER_FIELD_MISSING_DEFAULT_VALUE at #/fields/0 (data of version 1 read with the new schema): ' +
      'Data may lack the field a of R, which has no default. Add a default to the field a, or name the field that it was before among its aliases.',
  );
});
