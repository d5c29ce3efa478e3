import { checkSchemaWords } from './schema-words.ts';

test('a type that does not exist is told where it stands, with the nearest', () => {
  const { faults } = checkSchemaWords({
    type: 'objekt',
    properties: { plan: { type: 'strng' }, age: { type: ['integer', 'nul'] }, any: { type: 3 } },
    $defs: { list: { items: { type: 'flaot' } } },
  });
  expect(faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
    '/type JSON Schema has no type "objekt"; nearest: object',
    '/properties/plan/type JSON Schema has no type "strng"; nearest: string',
    '/properties/age/type/1 JSON Schema has no type "nul"; nearest: null',
    '/properties/any/type a type is a word, one of string, number, integer, boolean, object, array, null; it is 3',
    '/$defs/list/items/type JSON Schema has no type "flaot"; there are: string, number, integer, boolean, object, array, null',
  ]);
});

test('a misspelt keyword is doubted; what looks like none is a note', () => {
  const { faults, doubts } = checkSchemaWords({
    type: 'object',
    requierd: ['plan'],
    additionalProperites: false,
    'x-owner': 'shop',
    ourOwnNote: 1,
    properties: { requierd: { type: 'string', patern: '^a' } },
  });
  expect(faults).toEqual([]);
  expect(doubts.map(({ path }) => path)).toEqual(['/requierd', '/additionalProperites', '/properties/requierd/patern']);
  expect(doubts[0]?.message).toBe(
    'JSON Schema has no keyword "requierd"; nearest: required. It is passed over as a note; correct it, or begin it with x-',
  );
});

test('data within a schema are no schemas', () => {
  const values = { enum: [{ type: 'strng' }], const: { type: 'strng' }, default: { requierd: 1 }, examples: [{ type: 'x' }] };
  expect(checkSchemaWords({ properties: { a: values } })).toEqual({ faults: [], doubts: [] });
});
