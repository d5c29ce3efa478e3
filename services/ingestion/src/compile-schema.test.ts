import { compileSchema } from './compile-schema.ts';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('a schema', () => {
  it.each([
    ['asks for asynchronous checks', { $async: true, type: 'object' }],
    ['asks for them deep inside', { properties: { a: { items: { $async: true } } } }],
    ['asks for them in a definition', { $defs: { a: { $async: true } }, type: 'object' }],
    ['is itself', { $ref: '#' }],
    ['is itself by a pointer', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }],
    ['is itself by an anchor', { $anchor: 'here', anyOf: [{ type: 'string' }, { $ref: '#here' }] }],
    ['is itself by its id', { $id: 'https://example.org/a', allOf: [{ not: { $ref: 'https://example.org/a' } }] }],
    ['is itself by a dynamic reference', { $dynamicAnchor: 'node', if: { $dynamicRef: '#node' } }],
    ['is itself below a property', { properties: { a: { oneOf: [{ $ref: '#/properties/a' }] } } }],
    ['is itself where a property is there', { dependentSchemas: { a: { $ref: '#' } } }],
    ['is itself in draft-07', { $schema: 'http://json-schema.org/draft-07/schema#', else: { $ref: '#' }, if: false }],
  ])('that %s is refused', (_what, schema) => {
    expect(() => compileSchema(schema)).toThrow(/\$async is not supported|\$ref leads back/);
  });

  it.each([
    ['a tree', { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } }],
    ['a list', { anyOf: [{ type: 'null' }, { properties: { next: { $ref: '#' } } }] }],
    ['a dynamic tree', { $dynamicAnchor: 'node', properties: { children: { items: { $dynamicRef: '#node' } } } }],
    ['a definition used twice', { $defs: { a: { type: 'string' } }, allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] }],
    ['data that look like references', { enum: [{ $ref: '#' }, { $async: true }], examples: [{ $ref: '#' }] }],
    ['properties with the names of keywords', { properties: { $ref: { type: 'string' }, allOf: { $ref: '#' } } }],
    ['the language of schemas itself', { $ref: 'https://json-schema.org/draft/2020-12/schema' }],
  ])('of %s is taken', (_what, schema) => {
    expect(compileSchema(schema)).toBeInstanceOf(Function);
  });
});

describe('a property that every object inherits', () => {
  it.each(['constructor', 'toString'])('is there only when %s was sent', (name) => {
    const check = compileSchema({ properties: JSON.parse(`{"${name}": {"type": "number"}}`) as object, required: [name] });
    expect(check({})?.message).toContain('required');
    expect(check(JSON.parse(`{"${name}": 1}`))).toBeUndefined();
    expect(check(JSON.parse(`{"${name}": "one"}`))?.message).toContain('must be number');
  });
});

describe('a check that fails in itself', () => {
  it('is a fault of the event and no throw', () => {
    const check = compileSchema({ type: 'array', items: { $ref: '#' } });
    expect(check([[[]]])).toBeUndefined();
    expect(check(nested(100_000))?.message).toContain('could not be checked');
  });
});
