import { MessageRing } from './recent-messages.ts';

const event = { service: 'ingestion', at: 1, kind: 'event', type: 'order.placed' } as const;

it('keeps the last hundred messages, numbered without a gap', () => {
  const ring = new MessageRing();
  for (let i = 0; i < 250; i++) ring.note(event);
  const kept = ring.since(0);
  expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => 151 + i));
  expect(ring.last).toBe(250);
});

it('a flood of messages does not push a decision out', () => {
  const ring = new MessageRing();
  ring.note({ ...event, service: 'registry', type: 'model-version.promoted', data: { version: 2 } });
  for (let i = 0; i < 1_000; i++) ring.note(event);
  expect(ring.since(0)[0]).toMatchObject({ type: 'model-version.promoted', data: { version: 2 }, seq: 1 });
});

it('answers what came after a number, of one service, in the order in which it was said', () => {
  const ring = new MessageRing();
  ring.note(event);
  ring.note({ ...event, service: 'registry', type: 'a', data: {} });
  ring.note({ ...event, service: 'registry', type: 'b' });
  expect(ring.since(1, 'registry').map(({ type }) => type)).toEqual(['a', 'b']);
  expect(ring.since(3)).toEqual([]);
});
