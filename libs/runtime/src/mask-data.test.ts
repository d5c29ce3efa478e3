import { maskOf, type Mask } from './mask-data.ts';

const hash = (text: string): string => `h(${text})`;
const mask = (schema: object, pointers: readonly string[] = []): Mask => maskOf(schema as Record<string, unknown>, { pointers, hash });

test('a marked field is hashed or dropped, the others are told', () => {
  const schema = {
    properties: { email: { 'x-pii': true }, phone: { 'x-pii': 'drop' }, id: { 'x-pii': 'hash' }, amount: {}, open: { 'x-pii': false } },
  };
  const data = { email: 'a@b.c', phone: '1', id: 7, amount: 3, open: 'o', other: 1 };
  expect(mask(schema)(data)).toEqual({ email: 'h("a@b.c")', id: 'h(7)', amount: 3, open: 'o', other: 1 });
});

test('equal values stay equal, and a mark on an object hides all of it', () => {
  const told = mask({ properties: { a: { 'x-pii': true }, b: { 'x-pii': true }, c: { 'x-pii': true } } })({ a: 'x', b: 'x', c: { d: 1 } });
  expect(told).toEqual({ a: 'h("x")', b: 'h("x")', c: 'h({"d":1})' });
});

test('a mark in the middle of arrays leaves the others where they are', () => {
  const person = { properties: { name: { 'x-pii': 'drop' } } };
  expect(mask({ properties: { people: { items: person } } })({ people: [{ name: 'A', age: 1 }, { age: 2 }] })).toEqual({
    people: [{ age: 1 }, { age: 2 }],
  });
  expect(mask({ prefixItems: [{}, { 'x-pii': 'drop' }], items: { 'x-pii': true } })([1, 2, 3])).toEqual([1, null, 'h(3)']);
  expect(mask({ items: [{ 'x-pii': 'drop' }], additionalItems: { 'x-pii': true } })([1, 2])).toEqual([null, 'h(2)']);
  expect(mask({ contains: { 'x-pii': 'drop' } })([1])).toEqual([null]);
});

test.each([
  ['a reference', { $defs: { p: { 'x-pii': 'drop' } }, properties: { a: { $ref: '#/$defs/p' } } }],
  ['an anchor', { $defs: { p: { $anchor: 'p', 'x-pii': 'drop' } }, properties: { a: { $ref: '#p' } } }],
  ['an embedded document', { $id: 'https://x.test/root', $defs: { p: { $id: 'p', 'x-pii': 'drop' } }, properties: { a: { $ref: 'p' } } }],
  ['a dynamic reference', { $defs: { p: { $dynamicAnchor: 'p', 'x-pii': 'drop' } }, properties: { a: { $dynamicRef: '#p' } } }],
  ['a reference that leads nowhere', { properties: { a: { $ref: '#/$defs/gone' } } }],
  ['one of several', { oneOf: [{}, { properties: { a: { 'x-pii': 'drop' } } }] }],
  ['any, in all, in a condition', { anyOf: [{ allOf: [{ if: {}, else: { properties: { a: { 'x-pii': 'drop' } } } }] }] }],
  ['a negation', { not: { properties: { a: { 'x-pii': 'drop' } } } }],
  ['a dependent schema', { dependentSchemas: { b: { properties: { a: { 'x-pii': 'drop' } } } } }],
  ['a pattern', { patternProperties: { '^a': { 'x-pii': 'drop' } } }],
  ['a pattern that cannot be read', { patternProperties: { '(': { 'x-pii': 'drop' } } }],
  ['what is additional', { properties: { b: {} }, additionalProperties: { 'x-pii': 'drop' } }],
  ['what is unevaluated', { unevaluatedProperties: { 'x-pii': 'drop' } }],
  ['a mark that means nothing', { properties: { a: { 'x-pii': 'yes' } } }],
  [
    'a property called like a keyword',
    { $defs: { p: { properties: { default: { 'x-pii': 'drop' } } } }, properties: { a: { $ref: '#/$defs/p/properties/default' } } },
  ],
])('a mark is found behind %s', (_, schema) => {
  expect(mask(schema)({ a: 'secret' })).toEqual({});
});

test('schemas that refer to themselves end', () => {
  const tree = {
    $defs: { node: { properties: { name: { 'x-pii': true }, children: { items: { $ref: '#/$defs/node' } } } } },
    $ref: '#/$defs/node',
  };
  expect(mask(tree)({ name: 'a', children: [{ name: 'b', children: [] }] })).toEqual({
    name: 'h("a")',
    children: [{ name: 'h("b")', children: [] }],
  });
  const circle = {
    $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#' }] } },
    allOf: [{ $ref: '#/$defs/a' }],
  };
  expect(mask(circle)({ x: 1 })).toEqual({ x: 1 });
});

test('names that are personal are hashed, and a name that JavaScript knows is a name', () => {
  expect(mask({ propertyNames: { 'x-pii': true } })({ 'a@b.c': 1 })).toEqual({ 'h("a@b.c")': 1 });
  expect(mask({ propertyNames: { 'x-pii': 'drop' } })({ 'a@b.c': 1 })).toEqual({});
  const hostile: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
  expect(JSON.stringify(mask({ properties: { a: {} } })(hostile))).toBe('{"__proto__":{"a":1},"constructor":2}');
});

test('pointers of the declaration drop what they name', () => {
  expect(mask({}, ['/note', '/items/1', '/a~1b'])({ note: 1, items: [1, 2], 'a/b': 3, c: 4 })).toEqual({ items: [1, null], c: 4 });
  expect(mask({}, [''])({ note: 1 })).toBeUndefined();
});

test('data that is nested without an end is cut', () => {
  let deep: unknown = 'end';
  for (let level = 0; level < 5_000; level += 1) deep = { deep };
  expect(JSON.stringify(mask({})(deep))).not.toContain('end');
});

test('without a hash all that is marked is dropped', () => {
  expect(maskOf({ properties: { a: { 'x-pii': true } } }, { pointers: [] })({ a: 1, b: 2 })).toEqual({ b: 2 });
  expect(maskOf({ propertyNames: { 'x-pii': true } }, { pointers: [] })({ a: 1 })).toEqual({});
});
