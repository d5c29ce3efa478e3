import type { EventTypeSpec } from '@roofshot/contracts/resources/event-type';
import { checkEventReads, checkPersonalData, eventReadsOf, type ReadFindings } from './event-reads.ts';
import { variableOfSchema } from './event-variable.ts';
import { compileExpression, ExpressionFault } from './expressions.ts';

type Schema = EventTypeSpec['schema'];

/** What compiling over data of this schema says: a fault, doubts, or nothing. */
function said(schema: Schema, text: string): string[] {
  try {
    return [...compileExpression(text, { data: variableOfSchema(schema, 'EventType e') }).doubts];
  } catch (error) {
    if (error instanceof ExpressionFault) return [`fault: ${error.detail}`];
    throw error;
  }
}

const closed = {
  type: 'object',
  additionalProperties: false,
  properties: {
    plan: { type: 'string' },
    amount: { type: ['number', 'null'] },
    address: { type: 'object', additionalProperties: false, properties: { zip: { type: 'string' } } },
    legs: { type: 'array', items: { type: 'object', additionalProperties: false, properties: { delay: { type: 'integer' } } } },
  },
};
const open = { type: 'object', properties: { plan: { type: 'string' }, address: { type: 'object', properties: { zip: {} } } } };

test.each([
  ["data.plann == 'pro'", 'data has no field "plann" in EventType e; nearest: plan'],
  ['has(data.plann)', 'data has no field "plann" in EventType e; nearest: plan'],
  ['data["plann"]', 'data has no field "plann" in EventType e; nearest: plan'],
  ['"plann" in data', 'data has no field "plann" in EventType e; nearest: plan'],
  ['data.address.zipp', 'data.address has no field "zipp" in EventType e; nearest: zip'],
  ['data["address"].zipp', 'data.address has no field "zipp" in EventType e; nearest: zip'],
  ['data.legs[0].delayy > 15', 'data.legs[…] has no field "delayy" in EventType e; nearest: delay'],
  ['data.legs.delay', '.delay needs an object and got a list'],
  ['data.plan.name', '.name needs an object and got a string'],
  ['data.plan > 3', '> needs two numbers or two texts and got string and number'],
])('over a closed schema `%s` is refused', (text, fault) => {
  expect(said(closed, text)).toEqual([`fault: ${fault}`]);
});

test.each([
  "data.plan == 'pro'",
  'data.amount + 1',
  'data.address.zip',
  'data.legs[0].delay > 15',
  'size(data.legs) > 0',
  '"zip" in data.address',
  'data == null',
])('over a closed schema `%s` is good', (text) => {
  expect(said(closed, text)).toEqual([]);
});

test('over an open schema that declares properties an unknown field is doubted, at every depth', () => {
  expect(said(open, 'data.plann')).toEqual([
    'EventType e declares no field "plann" of data; nearest: plan. Correct the name, or declare the field: without it the value is null (at character 1 of `data.plann`)',
  ]);
  expect(said(open, 'data.address.zipp + data.plann')).toHaveLength(2);
  expect(said({ ...open, additionalProperties: true }, 'data.plann')).toHaveLength(1);
});

test('a schema that declares no properties says nothing of fields', () => {
  expect(said({ type: 'object' }, 'data.anything.at.all')).toEqual([]);
  expect(said({}, 'data.anything[0].at')).toEqual([]);
});

test('further fields that the schema describes are doubted only where they look like a declared one', () => {
  const map = { properties: { plan: {} }, additionalProperties: { type: 'number' } };
  expect(said(map, 'data.temperature > 3')).toEqual([]);
  expect(said(map, 'data.plam')).toHaveLength(1);
  expect(said(map, "data.temperature == 'x' && data.temperature.deeper")).toEqual(['fault: .deeper needs an object and got a number']);
});

describe('schemas of several parts', () => {
  test('a $ref, in $defs, by pointer, anchor or id, is followed', () => {
    for (const $ref of ['#/$defs/plan', '#plan', 'https://example.org/plan']) {
      const plan = {
        $id: 'https://example.org/plan',
        $anchor: 'plan',
        type: 'object',
        additionalProperties: false,
        properties: { name: {} },
      };
      const schema = { type: 'object', additionalProperties: false, properties: { plan: { $ref } }, $defs: { plan } };
      expect(said(schema, 'data.plan.nam')).toEqual(['fault: data.plan has no field "nam" in EventType e; nearest: name']);
      expect(said(schema, 'data.plan.name')).toEqual([]);
    }
  });

  test('a recursive schema is followed as far as the expression goes', () => {
    const tree = {
      type: 'object',
      additionalProperties: false,
      properties: { size: {}, children: { type: 'array', items: { $ref: '#' } } },
    };
    expect(said(tree, 'data.children[0].children[1].size')).toEqual([]);
    expect(said(tree, 'data.children[0].children[1].sise')).toEqual([
      'fault: data.children[…].children[…] has no field "sise" in EventType e; nearest: size',
    ]);
  });

  test('a reference that leads nowhere, or round in a circle, makes everything possible', () => {
    expect(said({ $ref: 'https://elsewhere.org/x' }, 'data.anything')).toEqual([]);
    expect(said({ $ref: '#' }, 'data.anything')).toEqual([]);
    const names = Array.from({ length: 30 }, (_, i) => `d${i}`);
    const all = names.map((name) => ({ $ref: `#/$defs/${name}` }));
    expect(said({ anyOf: all, $defs: Object.fromEntries(names.map((name) => [name, { anyOf: all }])) }, 'data.anything')).toEqual([]);
  });

  test('a field of one of several forms may be there; one of none may not', () => {
    const form = (name: string): Schema => ({ type: 'object', additionalProperties: false, properties: { [name]: {} } });
    const either = { oneOf: [form('card'), form('iban')] };
    expect(said(either, 'coalesce(data.card, data.iban)')).toEqual([]);
    expect(said(either, 'data.cart')).toEqual(['fault: data has no field "cart" in EventType e; nearest: card']);
  });

  test('parts that must all hold close each other', () => {
    const base = { properties: { plan: {} } };
    expect(said({ allOf: [base, { properties: { amount: {} } }], unevaluatedProperties: false }, 'data.amont')[0]).toContain('fault: ');
    expect(said({ allOf: [base], unevaluatedProperties: false, properties: { amount: {} } }, 'data.plan + data.amount')).toEqual([]);
    expect(said({ ...closed, anyOf: [{ required: ['plan'] }, { required: ['amount'] }] }, 'data.plan')).toEqual([]);
  });

  test('what a condition or another property brings may be there', () => {
    const text = `{
      "properties": { "kind": {} },
      "if": { "properties": { "kind": { "const": "card" } } },
      "then": { "properties": { "number": {} } },
      "dependentSchemas": { "kind": { "properties": { "since": {} } } }
    }`;
    const schema = JSON.parse(text) as Schema;
    expect(said(schema, 'data.number + data.since')).toEqual([]);
    expect(said(schema, 'data.numbr')).toHaveLength(1);
  });

  test('a required field is there, declared or not; a pattern declares what fits it', () => {
    expect(said({ properties: { plan: {} }, required: ['user'] }, 'data.user')).toEqual([]);
    const tagged = { properties: { plan: {} }, patternProperties: { '^tag_': { type: 'string' } }, additionalProperties: false };
    expect(said(tagged, 'data.tag_colour')).toEqual([]);
    expect(said(tagged, 'data.colour')[0]).toContain('fault: data has no field "colour"');
  });

  test('items of a draft-07 list, and of a tuple, are those of any place', () => {
    const pair = { items: [{ properties: { a: {} }, additionalProperties: false }], additionalItems: false };
    expect(said({ properties: { pair } }, 'data.pair[0].b')[0]).toContain('data.pair[…] has no field "b"');
  });
});

const RESOURCES: readonly [string, unknown, Readonly<Record<string, string>>][] = [
  [
    'FeatureView',
    {
      source: { eventType: 'e', keys: { user: 'data.usr' }, filter: 'data.tst == true' },
      features: [
        { name: 'n', aggregation: 'count' },
        { name: 'share', aggregation: 'share', value: "data.plann == 'pro'" },
        { name: 'text', aggregation: 'mean', value: 'data.plan' },
      ],
    },
    {
      '/source/keys/user': 'data has no field "usr"',
      '/source/filter': 'data has no field "tst"',
      '/features/1/value': 'data has no field "plann"',
      '/features/2/value': '`data.plan` results in a string and a number is needed',
    },
  ],
  [
    'TrainingJob',
    {
      observation: { eventType: 'e', id: 'data.idd', entities: { user: 'data.usr' }, context: { amount: 'data.amont' } },
      label: { eventType: 'e', id: 'data.ide', value: 'data.laate' },
    },
    {
      '/observation/id': 'data has no field "idd"',
      '/observation/entities/user': 'data has no field "usr"',
      '/observation/context/amount': 'data has no field "amont"; nearest: amount',
      '/label/id': 'data has no field "ide"',
      '/label/value': 'data has no field "laate"',
    },
  ],
  [
    'Metric',
    { source: { outcome: { eventType: 'e', unit: 'data.idd' } }, value: "decision == 'a' ? outcome.amont : score" },
    { '/source/outcome/unit': 'data has no field "idd"', '/value': 'outcome has no field "amont"' },
  ],
];

test.each(RESOURCES)('every read of a %s is checked', (kind, spec, expected) => {
  const { faults, doubts } = checkEventReads(eventReadsOf(kind, spec), () => closed);
  expect(faults.map(({ path }) => path)).toEqual(Object.keys(expected));
  for (const { path, message } of faults) expect(message.replace(' in EventType e', '')).toContain(expected[path]);
  expect(doubts).toEqual([]);
  const { faults: none, doubts: doubted } = checkEventReads(eventReadsOf(kind, spec), () => ({ properties: { user: {} } }));
  expect([none, doubted.length > 1]).toEqual([[], true]);
});

test('without a schema only what is no expression is refused', () => {
  const label = { eventType: 'e', value: 'dta.late' };
  const { faults } = checkEventReads(eventReadsOf('TrainingJob', { observation: { eventType: 'e' }, label }), () => undefined);
  expect(faults).toEqual([{ path: '/label/value', message: expect.stringContaining('there is no variable "dta"; nearest: data') }]);
});

test('pointers to personal data that lead nowhere are told', () => {
  const findings = (schema: Schema, pii: string[]): ReadFindings => checkPersonalData('e', { schema, pii });
  expect(findings(closed, ['/plan', '/address/zip', '/legs/0/delay'])).toEqual({ faults: [], doubts: [] });
  const { faults } = findings(closed, ['/plann', '/address/zipp', 'plan', '/plan/name']);
  expect(faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
    '/pii/0 data has no field "plann" in EventType e; nearest: plan',
    '/pii/1 data.address has no field "zipp" in EventType e; nearest: zip',
    '/pii/2 "plan" is no JSON pointer: it begins with /, like /email',
    '/pii/3 data.plan is a string, and "/plan/name" leads into it',
  ]);
  expect(findings(open, ['/plann']).doubts).toHaveLength(1);
});
