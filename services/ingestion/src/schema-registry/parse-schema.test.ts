import { fingerprintOf, parseSchema, type SchemaReference, type SchemaType } from './parse-schema.ts';

const of = (type: SchemaType, schema: unknown, references: SchemaReference[] = []) => ({
  type,
  text: typeof schema === 'string' ? schema : JSON.stringify(schema),
  references,
});
const codeOf = (parse: () => unknown): unknown => {
  try {
    return parse();
  } catch (error) {
    return [(error as { code?: number }).code, (error as Error).message];
  }
};

describe('a schema is known again', () => {
  const same = (one: Parameters<typeof fingerprintOf>[0], other: Parameters<typeof fingerprintOf>[0]): boolean =>
    fingerprintOf(one).equals(fingerprintOf(other));

  it('whatever its white space and the order of its keys', () => {
    expect(same(of('JSON', '{"type":"string","title":"a"}'), of('JSON', '{ "title": "a",\n "type": "string" }'))).toBe(true);
    expect(same(of('AVRO', '"string"'), of('AVRO', '{"type": "string"}'))).toBe(true);
    expect(same(of('AVRO', 'string'), of('AVRO', '"string"'))).toBe(true);
  });

  it('and told apart by its type, its references, and every value', () => {
    expect(same(of('JSON', '{"const":{"a":1}}'), of('JSON', '{"const":[["a",1]]}'))).toBe(false);
    expect(same(of('JSON', '{"enum":["a","b"]}'), of('JSON', '{"enum":["b","a"]}'))).toBe(false);
    expect(same(of('JSON', '"string"'), of('AVRO', '"string"'))).toBe(false);
    expect(same(of('JSON', '{}'), of('JSON', '{}', [{ name: 'n', subject: 's', version: 1 }]))).toBe(false);
  });
});

describe('what is no schema is refused with the reason', () => {
  it.each<[string, SchemaType, unknown, RegExp]>([
    ['text that is no JSON', 'JSON', '{', /no valid JSON Schema: it is no JSON/],
    ['a number', 'JSON', '5', /must be a JSON object, true or false/],
    ['a type that is none', 'JSON', { type: 'text' }, /type/],
    ['a draft that is not served', 'JSON', { $schema: 'http://json-schema.org/draft-04/schema#' }, /draft-04/],
    ['a reference to nothing', 'JSON', { $ref: '#/$defs/none' }, /\$defs\/none/],
    ['a schema that never ends', 'JSON', { $ref: '#' }, /leads back/],
    ['an unknown name', 'AVRO', { type: 'record', name: 'R', fields: [{ name: 'a', type: 'Money' }] }, /"Money", which is not defined/],
    [
      'a type that is defined twice',
      'AVRO',
      [
        { type: 'fixed', name: 'F', size: 1 },
        { type: 'fixed', name: 'F', size: 2 },
      ],
      /defines F again/,
    ],
    ['a record without fields', 'AVRO', { type: 'record', name: 'R' }, /"fields" must be a list/],
    ['a default of another type', 'AVRO', { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: 'x' }] }, /default/],
  ])('%s', (_, type, schema, message) => {
    expect(codeOf(() => parseSchema(of(type, schema), []))).toEqual([42201, expect.stringMatching(message)]);
  });

  it('one that is larger than is taken', () => {
    expect(codeOf(() => parseSchema(of('JSON', { title: 'x'.repeat(600_000) }), []))).toEqual([42209, expect.stringContaining('at most')]);
  });
});

it('an Avro schema takes types from what it refers to', () => {
  const money = JSON.stringify({ type: 'record', name: 'Money', namespace: 'shop', fields: [{ name: 'cents', type: 'long' }] });
  const order = of('AVRO', { type: 'record', name: 'Order', namespace: 'shop', fields: [{ name: 'total', type: 'Money' }] });
  expect(parseSchema(order, [{ name: 'shop.Money', text: money }]).type).toBe('AVRO');
});
