import { MessageRing } from './recent-messages.ts';

const event = { service: 'ingestion', at: 1, kind: 'event', type: 'order.placed' } as const;

it('keeps the last twenty of a type, numbered without a gap', () => {
  const ring = new MessageRing();
  for (let i = 0; i < 250; i++) ring.note(event);
  const kept = ring.since(0);
  expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => 231 + i));
  expect(ring.last).toBe(250);
});

it('a flood of messages does not push a decision out', () => {
  const ring = new MessageRing();
  ring.note({ ...event, service: 'registry', type: 'model-version.promoted', data: { version: 2 } });
  for (let i = 0; i < 1_000; i++) ring.note(event);
  expect(ring.since(0)[0]).toMatchObject({ type: 'model-version.promoted', data: { version: 2 }, seq: 1 });
});

it('forgets the type that was silent longest, when there are too many', () => {
  const ring = new MessageRing();
  ring.note({ ...event, type: 'silent' });
  ring.note({ ...event, type: 'lively' });
  for (let i = 0; i < 198; i++) ring.note({ ...event, type: `type-${i}` });
  ring.note({ ...event, type: 'lively' });
  ring.note({ ...event, type: 'one-more' });
  const types = new Set(ring.since(0).map(({ type }) => type));
  expect([types.size, types.has('silent'), types.has('lively'), types.has('type-0')]).toEqual([200, false, true, true]);
});

it('answers what came after a number, of one service, in the order in which it was said', () => {
  const ring = new MessageRing();
  ring.note(event);
  ring.note({ ...event, service: 'registry', type: 'a', data: {} });
  ring.note({ ...event, service: 'registry', type: 'b' });
  expect(ring.since(1, 'registry').map(({ type }) => type)).toEqual(['a', 'b']);
  expect(ring.since(3)).toEqual([]);
});
