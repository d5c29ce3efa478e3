import { compileSchema } from './compile-schema.ts';

const order = {
  type: 'object',
  required: ['amount', 'currency'],
  additionalProperties: false,
  properties: {
    amount: { type: 'number', minimum: 0 },
    currency: { enum: ['EUR', 'USD'] },
    note: { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] },
    lines: { type: 'array', items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
    tags: { type: 'object', propertyNames: { pattern: '^[a-z]+$', maxLength: 5 } },
  },
};
const messageOf = (schema: Readonly<Record<string, unknown>>, data: unknown): string => compileSchema(schema)(data)?.message ?? '';

describe('of an event with several faults', () => {
  it.each<[string, unknown, string]>([
    ['one', { amount: -1, currency: 'EUR' }, 'data.amount must be >= 0. Correct'],
    ['two', { amount: -1, currency: 'CHF' }, 'data.amount must be >= 0. Faults at 1 more place: /data/currency. Correct'],
    ['all that is missing', {}, "data must have required property 'amount'. Faults at 1 more place: /data/currency. Correct"],
    [
      'what must not be there',
      { amount: 1, currency: 'EUR', a: 1, b: 2 },
      'data must not have the property a. Faults at 1 more place: /data/b. Correct',
    ],
    [
      'more than are named',
      { amount: 1, currency: 'EUR', lines: [{}, { sku: 1 }, { sku: 'x' }, 7, {}, {}] },
      "data.lines.0 must have required property 'sku'. Faults at 4 more places: /data/lines/1/sku, /data/lines/3, /data/lines/4/sku, …. Correct",
    ],
    ['alternatives, none of which it is', { amount: 1, currency: 'EUR', note: 7 }, 'data.note must be string. Correct'],
    [
      'alternatives behind another',
      { amount: 'x', currency: 'EUR', note: 'long' },
      'data.amount must be number. Faults at 1 more place: /data/note. Correct',
    ],
    [
      'names, each once',
      { amount: 'x', currency: 'EUR', tags: { TOOLONG: 1, fine: 1 } },
      'data.amount must be number. Faults at 1 more place: /data/tags/TOOLONG. Correct',
    ],
  ])('%s', (_what, data, told) => {
    expect(messageOf(order, data)).toContain(told);
  });

  it('a condition is told by what it asks for', () => {
    const schema = {
      properties: { a: { type: 'number' } },
      if: { not: { required: ['b'] } },
      else: { properties: { b: { type: 'number' } } },
    };
    expect(messageOf(schema, { a: '', b: '' })).toMatch(/^data\.b must be number\. Faults at 1 more place: \/data\/a\./);
  });

  it('names of the sender that are long are cut or counted', () => {
    const long = 'x'.repeat(100_000);
    const message = messageOf(order, { amount: '', currency: 'EUR', [long]: 1, [`y${long}`]: 1 });
    expect(message).toMatch(/^data must not have the property x{500}…\. Faults at 2 more places: \/data\/amount, …\. Correct/);
  });

  it('of many values only the first fault is looked for', () => {
    const list = { type: 'array', items: { type: 'number' } };
    expect(
      messageOf(
        list,
        Array.from({ length: 100 }, () => 'x'),
      ),
    ).toContain('Faults at 99 more places');
    expect(
      messageOf(
        list,
        Array.from({ length: 1_000_000 }, () => 'x'),
      ),
    ).toBe('data.0 must be number. Correct the event and send it again.');
  });
});
