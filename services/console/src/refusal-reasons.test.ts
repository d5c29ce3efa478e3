import type { Said } from '@roofshot/contracts/http/live';
import { reasonsIn } from './refusal-reasons.ts';

const refused = (at: number, reason: string, detail: string): Said => ({
  seq: at,
  service: 'ingestion',
  at,
  kind: 'event',
  type: 'event.quarantined',
  data: { eventType: 'order.placed', reason, detail, path: '/data/n' },
});

test('reasons are counted since the process began, most first, each with its newest event', () => {
  const totals = { 'events.refused': 9, 'events.refused/unknown-type': 2, 'events.refused/schema': 7, 'events.received/late': 1 };
  const reasons = reasonsIn(totals, [refused(5, 'schema', 'newest'), refused(4, 'schema', 'older')]);
  expect(reasons).toEqual([
    { reason: 'schema', count: 7, newest: { at: 5, eventType: 'order.placed', path: '/data/n', detail: 'newest' } },
    { reason: 'unknown type', count: 2, newest: undefined },
  ]);
});

test('where nothing was refused there is nothing to say', () => {
  expect(reasonsIn({ 'events.received/accepted': 5 }, [])).toEqual([]);
});
