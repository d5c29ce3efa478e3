import { compileView } from '@roofshot/feature-defs/view-plan';
import { foldView, type LogEvent } from './fold-events.ts';

const MINUTE = 60_000;
const spec = {
  entity: 'shop',
  source: { eventType: 'order.placed', keys: { shop: 'data.shop' } },
  tile: '1m',
  windows: ['1h'],
  features: [{ name: 'sum', aggregation: 'sum' as const, value: 'data.amount' }],
  lateness: { allowed: '10m', policy: 'drop' as const },
};
const plan = compileView({ name: 'orders', generation: 1, spec }, { keys: ['shop'] });

const event = (offset: number, minute: number, over: Partial<LogEvent> = {}): LogEvent => ({
  id: `e${offset}`,
  offset,
  data: { shop: 's', amount: 1 },
  time: minute * MINUTE,
  knownTime: 1_000 * MINUTE,
  ...over,
});
const late = (events: readonly LogEvent[], newest?: number): number[] =>
  foldView(plan, events, { partition: 0, ...(newest !== undefined && { newest }) }).late.map(({ event: { offset } }) => offset);

test('an event is late by those before it, in the order of the log', () => {
  expect(late([event(0, 100), event(1, 90), event(2, 89), event(3, 101), event(4, 90)])).toEqual([2, 4]);
});

test('the watermark goes on from where the batch before has left it', () => {
  const first = foldView(plan, [event(0, 100)], { partition: 0 });
  expect(late([event(1, 89), event(2, 90)], first.newest)).toEqual([1]);
});

test('an event dated in the future of its acceptance makes no other late', () => {
  expect(late([event(0, 100), event(1, 5_000, { knownTime: 100 * MINUTE }), event(2, 95)])).toEqual([]);
});

test('what was erased counts for nothing, and others are as late as they were', () => {
  const fold = foldView(plan, [event(0, 100, { isErased: true, data: null }), event(1, 89), event(2, 95)], { partition: 0 });
  expect(fold.late.map(({ event: { offset } }) => offset)).toEqual([1]);
  expect(fold.deltas.map(({ delta }) => delta.events)).toEqual([[1]]);
});

test('an event that breaks an expression is parked with every reason, and makes others late as any does', () => {
  const fold = foldView(plan, [event(0, 100, { data: { shop: 's', amount: 'ten' } }), event(1, 89)], { partition: 0 });
  expect(fold.parked.map(({ event: { offset }, reason }) => [offset, reason])).toEqual([[0, 'a sum needs numbers and got a string']]);
  expect(fold.late.map(({ event: { offset } }) => offset)).toEqual([1]);
  expect(fold.deltas).toEqual([]);
});
