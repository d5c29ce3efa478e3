import { maskOf, type Mask } from '@roofshot/runtime/mask-data';
import { maskRefused } from './mask-refused.ts';

const mask = (schema: object): Mask => maskOf(schema as Record<string, unknown>, { pointers: [] });

describe('a refused event', () => {
  const schema = { properties: { email: { 'x-pii': 'drop' }, amount: { type: 'number' } } };
  const original = JSON.stringify({ specversion: '1.0', id: 'e1', subject: 's', data: { email: 'a@b.c', amount: 'x' } });

  test('is told without its personal data, with what is wrong elsewhere', () => {
    const refused = { eventType: 't', original, detail: 'data.amount must be number', path: '/data/amount' };
    expect(maskRefused(refused, mask(schema))).toEqual({
      ...refused,
      original: '{"specversion":"1.0","id":"e1","subject":"s","data":{"amount":"x"}}',
    });
  });

  test('does not tell what is wrong within personal data', () => {
    const told = maskRefused({ eventType: 't', original, detail: 'data.email must match', path: '/data/email' }, mask(schema));
    expect(told.detail).not.toContain('email');
    expect(told.path).toBe('/data');
  });

  test('of an unknown type tells nothing of its data, and of what is no JSON nothing at all', () => {
    const told = maskRefused({ eventType: '?', original, detail: 'd' });
    expect(told.original).toBe('{"specversion":"1.0","id":"e1","subject":"s"}');
    expect(maskRefused({ eventType: '', original: 'a@b.c {', detail: 'd' }).original).toBeNull();
  });
});
