import { jsonSchemaIncompatibilities } from './json-schema-compatibility.ts';
import { JsonSchemaDocument, type JsonSchema } from './json-schema-document.ts';
import type { Incompatibility } from './incompatibility.ts';

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

const check = (written: JsonSchema, read: JsonSchema): Incompatibility[] =>
  jsonSchemaIncompatibilities(new JsonSchemaDocument(written), new JsonSchemaDocument(read));
const rulesOf = (written: JsonSchema, read: JsonSchema): string[] => check(written, read).map(({ rule, path }) => `${rule} ${path}`);

const closed = (properties: object, more: object = {}): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});
const open = (properties: object, more: object = {}): JsonSchema => ({ type: 'object', properties, ...more });
const text = { type: 'string' };
const number = { type: 'number' };
const whenText = (asked: JsonSchema): Record<string, JsonSchema> =>
  Object.fromEntries([text, asked].map((one, index) => [['if', 'then'][index], one]));

describe('a schema that reads all data of another', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    ['is the same with other words', { title: 'a', ...text }, { description: 'b', ...text }],
    ['accepts anything', closed({ a: text }), true],
    ['accepts more types', { type: 'integer' }, { type: ['number', 'null'] }],
    ['has wider bounds', { ...number, minimum: 1, maximum: 5 }, { ...number, minimum: 0, exclusiveMaximum: 6 }],
    ['has no bounds on numbers where data are texts', text, { minimum: 5, maxItems: 2, minProperties: 9 }],
    ['asks for sizes of at least nothing', { type: 'array' }, { type: 'array', minItems: 0 }],
    ['asks for a divisor', { type: 'integer', multipleOf: 6 }, { type: 'integer', multipleOf: 3 }],
    ['lists more values', { enum: ['a', 'b'] }, { enum: ['c', 'b', 'a'] }],
    ['describes the values that were listed', { enum: ['a', 2] }, { type: ['string', 'integer'], maxLength: 3 }],
    ['adds an optional property to a closed model', closed({ a: text }), closed({ a: text, b: text })],
    ['adds a property with any value to an open model', open({ a: text }), open({ a: text, b: {} })],
    ['removes a property from an open model', open({ a: text, b: text }), open({ a: text })],
    ['removes a property that never was', closed({ a: text, b: false }), closed({ a: text })],
    ['opens a closed model', closed({ a: text }), open({ a: text })],
    ['adds a required property with a default', closed({ a: text }), closed({ a: text, b: { ...text, default: '' } }, { required: ['b'] })],
    [
      'adds an optional property to a model that unevaluatedProperties closes',
      open({ a: text }, { unevaluatedProperties: false }),
      open({ a: text, b: text }, { unevaluatedProperties: false }),
    ],
    ['requires less', open({ a: text }, { required: ['a'] }), open({ a: text })],
    [
      'covers a removed property by what is left open',
      closed({ a: text, b: text }),
      { ...(open({ a: text }) as object), additionalProperties: text },
    ],
    ['covers a removed property by a pattern', closed({ a1: text }), { ...(closed({}) as object), patternProperties: { '^a': text } }],
    ['requires names that were all there is', closed({ ab: text }), { ...(open({}) as object), propertyNames: { pattern: '^a' } }],
    [
      'lets a property depend on one that was required',
      open({ a: {} }, { required: ['a'] }),
      open({ a: {} }, { dependentRequired: { b: ['a'] } }),
    ],
    ['has one of the branches', { anyOf: [text, number] }, { anyOf: [number, { type: 'null' }, text] }],
    ['has a branch for what was the only one', text, { anyOf: [text, number] }],
    ['splits a list of types into branches', { type: ['string', 'null'] }, { oneOf: [{ type: 'null' }, text] }],
    ['takes in by allOf what was said before', { ...text, maxLength: 3 }, { allOf: [text, { maxLength: 5 }] }],
    ['knows what was said by allOf', { allOf: [text, { maxLength: 3 }] }, { ...text, maxLength: 4 }],
    ['refuses less', { not: { type: ['string', 'null'] } }, { not: text }],
    ['has the same condition', whenText({ minLength: 1 }), { ...whenText({ minLength: 1 }), title: 'x' }],
    [
      'has more items in a bounded list',
      { type: 'array', prefixItems: [text], items: false },
      { type: 'array', prefixItems: [text, number], items: false },
    ],
    ['keeps what it contains', { type: 'array', contains: text }, { type: 'array', contains: { ...text, title: 't' } }],
  ])('%s', (_, written, read) => {
    expect(check(written, read)).toEqual([]);
  });

  it('tells the branches of oneOf apart by a constant that is required', () => {
    const shape = (kind: string, more: object): JsonSchema => closed({ kind: { const: kind }, ...more }, { required: ['kind'] });
    const before = { oneOf: [shape('circle', { r: number }), shape('square', { a: number })] };
    const after = { oneOf: [shape('circle', { r: number, fill: text }), shape('square', { a: number }), shape('line', {})] };
    expect(rulesOf(before, after)).toEqual([]);
  });

  it('may refer to itself', () => {
    const tree = (value: object): JsonSchema => ({
      $ref: '#/$defs/node',
      $defs: { node: closed({ value, children: { type: 'array', items: { $ref: '#/$defs/node' } } }) },
    });
    expect(rulesOf(tree(text), tree({ type: ['string', 'null'] }))).toEqual([]);
    expect(rulesOf(tree(text), tree(number))).toEqual(['TYPE_CHANGED #/$defs/node/properties/value/type']);
  });

  it('may refer to other schemas by name', () => {
    const referring = (money: JsonSchema): JsonSchemaDocument =>
      new JsonSchemaDocument({ type: 'array', items: { $ref: 'money.json#/$defs/amount' } }, new Map([['money.json', money]]));
    const wide = { $defs: { amount: { type: 'number' } } };
    const narrow = { $defs: { amount: { type: 'integer' } } };
    expect(jsonSchemaIncompatibilities(referring(narrow), referring(wide))).toEqual([]);
    expect(jsonSchemaIncompatibilities(referring(wide), referring(narrow))).toMatchObject([
      { rule: 'TYPE_NARROWED', path: 'money.json#/$defs/amount/type' },
    ]);
  });
});

describe('an incompatible change is told by its rule and place:', () => {
  const array = (more: object): JsonSchema => ({ type: 'array', ...more });
  it.each<[string, JsonSchema, JsonSchema, string[]]>([
    ['another type', text, number, ['TYPE_CHANGED #/type']],
    ['fewer types', number, { type: 'integer' }, ['TYPE_NARROWED #/type']],
    ['nothing at all', text, false, ['TYPE_CHANGED #']],
    ['a new maximum', number, { ...number, maximum: 1 }, ['MAXIMUM_ADDED #/maximum']],
    ['a smaller maximum', { ...number, maximum: 2 }, { ...number, maximum: 1 }, ['MAXIMUM_DECREASED #/maximum']],
    ['an open bound', { ...number, maximum: 2 }, { ...number, exclusiveMaximum: 2 }, ['EXCLUSIVE_MAXIMUM_DECREASED #/exclusiveMaximum']],
    ['a greater minimum', { ...number, minimum: 0 }, { ...number, minimum: 1 }, ['MINIMUM_INCREASED #/minimum']],
    ['a new open minimum', number, { ...number, exclusiveMinimum: 0 }, ['EXCLUSIVE_MINIMUM_ADDED #/exclusiveMinimum']],
    ['a new divisor', number, { ...number, multipleOf: 2 }, ['MULTIPLE_OF_ADDED #/multipleOf']],
    ['another divisor', { ...number, multipleOf: 3 }, { ...number, multipleOf: 2 }, ['MULTIPLE_OF_CHANGED #/multipleOf']],
    ['shorter texts', { ...text, maxLength: 5 }, { ...text, maxLength: 4 }, ['MAX_LENGTH_DECREASED #/maxLength']],
    ['longer texts', text, { ...text, minLength: 1 }, ['MIN_LENGTH_ADDED #/minLength']],
    ['a new pattern', text, { ...text, pattern: '^a' }, ['PATTERN_ADDED #/pattern']],
    ['another pattern', { ...text, pattern: 'a' }, { ...text, pattern: 'b' }, ['PATTERN_CHANGED #/pattern']],
    ['a new format', text, { ...text, format: 'email' }, ['FORMAT_ADDED #/format']],
    ['another format', { ...text, format: 'uri' }, { ...text, format: 'email' }, ['FORMAT_CHANGED #/format']],
    ['fewer values', { enum: ['a', 'b'] }, { enum: ['a'] }, ['ENUM_ARRAY_NARROWED #/enum']],
    ['other values', { const: 'a' }, { const: 'b' }, ['ENUM_ARRAY_CHANGED #/const']],
    ['a new list of values', text, { ...text, enum: ['a'] }, ['ENUM_ARRAY_ADDED #/enum']],
    ['fewer items', array({ maxItems: 3 }), array({ maxItems: 2 }), ['MAX_ITEMS_DECREASED #/maxItems']],
    ['more items', array({}), array({ minItems: 1 }), ['MIN_ITEMS_ADDED #/minItems']],
    ['unique items', array({}), array({ uniqueItems: true }), ['UNIQUE_ITEMS_ADDED #/uniqueItems']],
    ['a schema for items that were open', array({}), array({ items: text }), ['ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items']],
    ['another schema for items', array({ items: text }), array({ items: number }), ['TYPE_CHANGED #/items/type']],
    [
      'no further items',
      array({ prefixItems: [text] }),
      array({ prefixItems: [text], items: false }),
      ['ADDITIONAL_ITEMS_REMOVED #/items'],
    ],
    [
      'an item less in a bounded list',
      array({ prefixItems: [text, text], items: false }),
      array({ prefixItems: [text], items: false }),
      ['ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items'],
    ],
    ['what must be contained', array({}), array({ contains: text }), ['CONTAINS_ADDED #/contains']],
    ['other that must be contained', array({ contains: text }), array({ contains: number }), ['CONTAINS_CHANGED #/contains']],
    ['more properties at least', open({}), open({}, { minProperties: 1 }), ['MIN_PROPERTIES_ADDED #/minProperties']],
    [
      'fewer properties at most',
      open({}, { maxProperties: 3 }),
      open({}, { maxProperties: 2 }),
      ['MAX_PROPERTIES_DECREASED #/maxProperties'],
    ],
    [
      'a property that becomes required',
      open({ a: text }),
      open({ a: text }, { required: ['a'] }),
      ['REQUIRED_ATTRIBUTE_ADDED #/required'],
    ],
    [
      'a new required property in a closed model',
      closed({}),
      closed({ a: text }, { required: ['a'] }),
      ['REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/required'],
    ],
    [
      'a default that its own schema refuses',
      closed({}),
      closed({ a: { ...text, default: 1 } }, { required: ['a'] }),
      ['REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/required'],
    ],
    [
      'a new property in an open model, required or not',
      open({}),
      open({ a: text }, { required: ['a'] }),
      ['REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/required', 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a'],
    ],
    [
      'a new property that a partly open model let be otherwise',
      { type: 'object', additionalProperties: number },
      { type: 'object', properties: { a: text }, additionalProperties: number },
      ['PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a', 'TYPE_CHANGED #/properties/a/type'],
    ],
    ['a property less in a closed model', closed({ a: text }), closed({}), ['PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a']],
    [
      'a property less that what is left open refuses',
      closed({ a: text }),
      { type: 'object', additionalProperties: number },
      ['PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a', 'TYPE_CHANGED #/additionalProperties/type'],
    ],
    [
      'a property whose name looks like a place',
      open({ 'a#/b': number }),
      open({ 'a#/b': text }),
      ['TYPE_CHANGED #/properties/a#~1b/type'],
    ],
    ['a model that is closed', open({}), closed({}), ['ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties']],
    [
      'a model that is left open for less',
      { type: 'object', additionalProperties: { type: 'number' } },
      { type: 'object', additionalProperties: { type: 'integer' } },
      ['ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties', 'TYPE_NARROWED #/additionalProperties/type'],
    ],
    [
      'a new pattern of names',
      open({}),
      open({}, { patternProperties: { '^a': text } }),
      ['PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/patternProperties/^a'],
    ],
    ['a rule for names', open({}), open({}, { propertyNames: { maxLength: 3 } }), ['PROPERTY_NAMES_ADDED #/propertyNames']],
    [
      'a property that asks for another',
      open({}),
      open({}, { dependentRequired: { a: ['b'] } }),
      ['DEPENDENCY_ARRAY_ADDED #/dependentRequired/a'],
    ],
    [
      'a property that asks for more',
      open({}, { dependentRequired: { a: ['b'] } }),
      open({}, { dependentRequired: { a: ['b', 'c'] } }),
      ['DEPENDENCY_ARRAY_EXTENDED #/dependentRequired/a'],
    ],
    [
      'a property that asks for a schema',
      open({}),
      open({}, { dependentSchemas: { a: { required: ['b'] } } }),
      ['DEPENDENCY_SCHEMA_ADDED #/dependentSchemas/a', 'REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/dependentSchemas/a/required'],
    ],
    ['a branch less', { anyOf: [text, number] }, { anyOf: [text] }, ['SUM_TYPE_NARROWED #/anyOf', 'TYPE_CHANGED #/anyOf/0/type']],
    ['branches that overlap', text, { oneOf: [text, { minLength: 0 }] }, ['SUM_TYPE_OVERLAPPING #/oneOf']],
    ['more that is refused', { not: text }, { not: { type: ['string', 'null'] } }, ['NOT_TYPE_EXTENDED #/not']],
    ['a new condition', {}, whenText({ minLength: 1 }), ['CONDITION_ADDED #/if']],
    ['another condition', whenText({ minLength: 1 }), whenText({ minLength: 2 }), ['CONDITION_CHANGED #/if']],
    [
      'what depends on all that stands beside it',
      { allOf: [open({ a: text })], unevaluatedProperties: false },
      { allOf: [open({ a: text, b: text })], unevaluatedProperties: false },
      ['PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/allOf/0/properties/b', 'UNEVALUATED_PROPERTIES_NARROWED #/unevaluatedProperties'],
    ],
  ])('%s', (_, written, read, rules) => {
    expect(rulesOf(written, read).toSorted()).toEqual(rules.toSorted());
  });

  it('in draft-07, further items and dependencies', () => {
    const of = (more: object): JsonSchema => ({ $schema: DRAFT_07, ...more });
    expect(rulesOf(of({ type: 'array', items: [text] }), of({ type: 'array', items: [text], additionalItems: false }))).toEqual([
      'ADDITIONAL_ITEMS_REMOVED #/additionalItems',
    ]);
    expect(rulesOf(of(open({}) as object), of(open({}, { dependencies: { a: ['b'] } }) as object))).toEqual([
      'DEPENDENCY_ARRAY_ADDED #/dependencies/a',
    ]);
    // Of 2020-12 only: a schema of draft-07 does not ask for it.
    expect(rulesOf(of({ type: 'array' }), of({ type: 'array', prefixItems: [text] }))).toEqual([]);
  });

  it('and all of them at once, each with what to do', () => {
    const before = open({ amount: number, currency: text });
    const after = open({ amount: { type: 'integer', maximum: 100 }, currency: { enum: ['EUR'] }, note: text }, { required: ['amount'] });
    const found = check(before, after);
    expect(found.map(({ rule }) => rule).toSorted()).toEqual([
      'ENUM_ARRAY_ADDED',
      'MAXIMUM_ADDED',
      'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL',
      'REQUIRED_ATTRIBUTE_ADDED',
      'TYPE_NARROWED',
    ]);
    for (const { message, fix } of found)
      expect([message, fix]).toEqual([expect.stringMatching(/^Data .+\.$/), expect.stringMatching(/.+\.$/)]);
    const added = found.find(({ rule }) => rule === 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL');
    expect(added?.fix).toContain('Close the content model first (additionalProperties: false');
    expect(found.find(({ rule }) => rule === 'REQUIRED_ATTRIBUTE_ADDED')?.fix).toContain('Add a default');
  });
});

it('gives advice for the schema that can be changed', () => {
  const documents = [new JsonSchemaDocument(open({})), new JsonSchemaDocument(open({ a: text }))] as const;
  const [finding] = jsonSchemaIncompatibilities(...documents, 'writer');
  expect(finding).toMatchObject({ rule: 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL', path: '#/properties/a' });
  expect(finding?.fix).toMatch(/^Keep the property a in the new schema/);
});

it('ends on alternatives within alternatives, and then does not call them compatible', () => {
  const nested = (depth: number, leaf: object): object =>
    depth === 0 ? leaf : { anyOf: Array.from({ length: 4 }, () => ({ properties: { a: nested(depth - 1, leaf) } })) };
  const rules = rulesOf(nested(8, text) as JsonSchema, nested(8, number) as JsonSchema);
  expect(rules.some((rule) => rule.startsWith('COMPARISON_TOO_LARGE'))).toBe(true);
});
