import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import { HOUR, labDefinitions, NOW, rowOf } from './feast-lab.ts';
import { ViewValues } from './view-values.ts';

const views = labDefinitions().views();
const orders = views.get('orders') as ViewPlan;
const returns = views.get('returns') as ViewPlan;
const ANN = '["ann"]';
const TILE = 300_000;
const row = (amounts: readonly number[], entity = ANN): ReturnType<typeof rowOf> => rowOf({ view: orders.stateKey, entity }, amounts);
/** Of orders:count_1h. */
const countIn = (values: { readonly values: readonly string[] }): string | undefined => values.values[orders.names.indexOf('count_1h')];

test('the same row in the same tile is not computed again', () => {
  const values = new ViewValues();
  const first = values.of(orders, ANN, row([1, 2]), NOW);
  expect(values.of(orders, ANN, row([1, 2]), NOW + TILE - 1)).toBe(first);
});

test('another row has other values at once', () => {
  const values = new ViewValues();
  expect(countIn(values.of(orders, ANN, row([1, 2]), NOW))).toBe('2');
  expect(countIn(values.of(orders, ANN, row([1, 2, 3]), NOW))).toBe('3');
  expect(countIn(values.of(orders, ANN, row([1, 2]), NOW))).toBe('2');
});

test('the same row in another tile has the values of that tile', () => {
  const values = new ViewValues();
  const counts = [0, TILE, HOUR, 0].map((later) => countIn(values.of(orders, ANN, row([1, 2]), NOW + later)));
  expect(counts).toEqual(['2', '2', '0', '2']);
});

test('who is gone from the online store is not seen any more, by a tombstone either', () => {
  const values = new ViewValues();
  values.of(orders, ANN, row([1]), NOW);
  for (const gone of [undefined, { ...row([1]), value: null }])
    expect(values.of(orders, ANN, gone, NOW)).toMatchObject({
      statuses: expect.arrayContaining(['NOT_FOUND']) as string[],
      isAllPresent: false,
    });
});

test('views and entities are kept apart', () => {
  const values = new ViewValues();
  expect(countIn(values.of(orders, ANN, row([1]), NOW))).toBe('1');
  expect(countIn(values.of(returns, ANN, rowOf({ view: returns.stateKey, entity: ANN }, [1, 2]), NOW))).toBe('2');
  expect(countIn(values.of(orders, '["bob"]', row([1, 2, 3], '["bob"]'), NOW))).toBe('3');
  expect(countIn(values.of(orders, ANN, row([1]), NOW))).toBe('1');
});

test('nothing is kept for longer than some minutes', () => {
  const values = new ViewValues();
  const first = values.of(orders, ANN, row([1]), NOW);
  for (const later of [1, 2, 3]) values.of(orders, `["${later}"]`, row([1], `["${later}"]`), NOW + later * 61_000);
  const again = values.of(orders, ANN, row([1]), NOW + 185_000);
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

test('of large rows only some are kept', () => {
  const values = new ViewValues();
  const large = (entity: string): ReturnType<typeof rowOf> => {
    const small = row([1], entity);
    return { ...small, value: `${small.value ?? ''}${' '.repeat(4_000_000)}` };
  };
  const first = values.of(orders, ANN, large(ANN), NOW);
  expect(values.of(orders, ANN, large(ANN), NOW)).toBe(first);
  for (let i = 0; i < 14; i += 1) values.of(orders, `["${i}"]`, large(`["${i}"]`), NOW);
  expect(values.of(orders, ANN, large(ANN), NOW)).not.toBe(first);
});
